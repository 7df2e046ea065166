//! Following a packet through the chains. Pure: the rules come in as a value.

use serde_json::Value;

use crate::host::sockets::Protocol;

/// Chains that call each other deeper are not followed.
const DEEPEST: usize = 16;

/// The first packet of somebody outside, over IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its protocol.
    pub protocol: Protocol,
    /// The port that it is for.
    pub port: u16,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It comes in, or a rule that is not understood may let it in.
    MayPass,
    /// It is dropped: by which chain, and by its rule or by its policy.
    Dropped {
        /// `inet filter input`.
        chain: String,
        /// Whether no rule lets it in, rather than one that keeps it out.
        by_policy: bool,
    },
}

/// What the chains that see incoming packets do with one.
pub fn fate(ruleset: &Value, packet: Packet) -> Fate {
    let rules = Rules(ruleset["nftables"].as_array().map_or(&[], Vec::as_slice));
    for chain in rules.incoming() {
        let name = |key: &str| chain[key].as_str().unwrap_or_default();
        let place = (name("family"), name("table"), name("name"));
        let mut walk = Walk {
            rules: &rules,
            packet,
            may_be_accepted: false,
        };
        let dropped = |by_policy| Fate::Dropped {
            chain: format!("{} {} {}", place.0, place.1, place.2),
            by_policy,
        };
        match walk.chain(place, DEEPEST) {
            Some(Verdict::Drop) => return dropped(false),
            None if name("policy") == "drop" && !walk.may_be_accepted => return dropped(true),
            _ => {}
        }
    }
    Fate::MayPass
}

/// Family, table and name of a chain.
type Place<'a> = (&'a str, &'a str, &'a str);

struct Rules<'a>(&'a [Value]);

impl<'a> Rules<'a> {
    /// Chains of filters that the kernel asks about packets for this machine.
    fn incoming(&self) -> impl Iterator<Item = &'a Value> {
        let chains = self.0.iter().filter_map(|item| item.get("chain"));
        chains.filter(|chain| {
            let is = |key: &str, values: &[&str]| {
                chain[key]
                    .as_str()
                    .is_some_and(|value| values.contains(&value))
            };
            is("type", &["filter"])
                && is("hook", &["input", "prerouting"])
                && is("family", &["ip", "inet"])
        })
    }

    fn of(&self, place: Place<'a>) -> impl Iterator<Item = &'a [Value]> {
        let rules = self.0.iter().filter_map(|item| item.get("rule"));
        let of_chain = rules.filter(move |rule| {
            let is = |key: &str, value: &str| rule[key].as_str() == Some(value);
            is("family", place.0) && is("table", place.1) && is("chain", place.2)
        });
        of_chain.filter_map(|rule| rule["expr"].as_array().map(Vec::as_slice))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accept,
    Drop,
    /// Back to the chain that called.
    Return,
}

/// Whether a rule is for the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    No,
    Maybe,
    Yes,
}

struct Walk<'a> {
    rules: &'a Rules<'a>,
    packet: Packet,
    /// Whether a rule that was not understood may have let the packet in before.
    may_be_accepted: bool,
}

impl<'a> Walk<'a> {
    /// The verdict of a chain; `None` where it has none.
    fn chain(&mut self, place: Place<'a>, depth: usize) -> Option<Verdict> {
        for rule in self.rules.of(place) {
            match self.rule(rule, place, depth) {
                None => {}
                Some(Verdict::Return) => return None,
                // What may have been let in before is not known to be dropped now.
                Some(Verdict::Drop) if self.may_be_accepted => return Some(Verdict::Accept),
                found => return found,
            }
        }
        None
    }

    fn rule(&mut self, rule: &'a [Value], place: Place<'a>, depth: usize) -> Option<Verdict> {
        let mut matches = Match::Yes;
        for statement in rule {
            let (name, body) = statement.as_object().and_then(|map| map.iter().next())?;
            match name.as_str() {
                "counter" | "log" | "comment" => {}
                "match" => matches = matches.min(self.matches(body)),
                "accept" => return self.verdict(Verdict::Accept, matches),
                "drop" | "reject" => return self.verdict(Verdict::Drop, matches),
                "return" => return self.verdict(Verdict::Return, matches),
                "jump" | "goto" if matches != Match::No => {
                    let target = body["target"].as_str()?;
                    return self.called((place.0, place.1, target), depth, matches);
                }
                // A map of verdicts, or a target of iptables: either may let it in.
                "vmap" | "xt" | "queue" | "synproxy" => {
                    self.may_be_accepted |= matches != Match::No;
                    matches = matches.min(Match::Maybe);
                }
                _ => matches = matches.min(Match::Maybe),
            }
        }
        None
    }

    fn verdict(&mut self, verdict: Verdict, matches: Match) -> Option<Verdict> {
        match matches {
            Match::No => None,
            Match::Yes => Some(verdict),
            Match::Maybe => {
                // A chain that may be left early may leave to be accepted elsewhere.
                self.may_be_accepted |= verdict != Verdict::Drop;
                None
            }
        }
    }

    fn called(&mut self, place: Place<'a>, depth: usize, matches: Match) -> Option<Verdict> {
        let Some(depth) = depth.checked_sub(1) else {
            self.may_be_accepted = true;
            return None;
        };
        let found = self.chain(place, depth)?;
        self.verdict(found, matches)
    }

    fn matches(&self, body: &Value) -> Match {
        let (left, right) = (&body["left"], &body["right"]);
        let found = self.compare(left, right);
        match (body["op"].as_str(), found) {
            (Some("==" | "in"), found) => found,
            (Some("!="), Match::Yes) => Match::No,
            (Some("!="), Match::No) => Match::Yes,
            _ => Match::Maybe,
        }
    }

    fn compare(&self, left: &Value, right: &Value) -> Match {
        let payload = &left["payload"];
        let protocol = self.packet.protocol.to_string();
        match (payload["protocol"].as_str(), payload["field"].as_str()) {
            (Some("th"), Some("dport")) => return contains(right, self.packet.port),
            (Some(of), Some("dport")) if of == protocol => {
                return contains(right, self.packet.port);
            }
            (Some("tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "dccp"), Some(_))
                if payload["protocol"] != protocol.as_str() =>
            {
                return Match::No;
            }
            (Some("ip"), Some("protocol")) => return is_one(right, &protocol),
            (Some("ip6"), _) => return Match::No,
            _ => {}
        }
        match (left["meta"]["key"].as_str(), left["ct"]["key"].as_str()) {
            (Some("l4proto"), _) => is_one(right, &protocol),
            (Some("nfproto"), _) => is_one(right, "ipv4"),
            // It comes from outside, by whichever interface.
            (Some("iif" | "iifname"), _) if right == "lo" => Match::No,
            (_, Some("state")) => is_one(right, "new"),
            _ => Match::Maybe,
        }
    }
}

/// Whether a name is what a rule asks for, or among it.
fn is_one(right: &Value, name: &str) -> Match {
    match right {
        Value::String(text) if text.starts_with('@') => Match::Maybe,
        Value::String(text) => yes_or_no(text == name),
        Value::Array(all) => yes_or_no(all.iter().any(|one| one == name)),
        Value::Object(map) => map.get("set").map_or(Match::Maybe, |set| is_one(set, name)),
        _ => Match::Maybe,
    }
}

/// Whether a port is what a rule asks for, or among it.
fn contains(right: &Value, port: u16) -> Match {
    match right {
        Value::Number(number) => yes_or_no(number.as_u64() == Some(port.into())),
        Value::Array(all) => {
            let each = all.iter().map(|one| contains(one, port));
            each.max().unwrap_or(Match::No)
        }
        Value::Object(map) => match (map.get("set"), map.get("range").and_then(Value::as_array)) {
            (Some(set), _) => contains(set, port),
            (_, Some(ends)) => {
                let end = |n: usize| ends.get(n).and_then(Value::as_u64);
                match (end(0), end(1)) {
                    (Some(first), Some(last)) => yes_or_no((first..=last).contains(&port.into())),
                    _ => Match::Maybe,
                }
            }
            _ => Match::Maybe,
        },
        _ => Match::Maybe,
    }
}

fn yes_or_no(yes: bool) -> Match {
    if yes { Match::Yes } else { Match::No }
}
