//! The rules of nftables, as `nft -j` prints them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::iptables;
use super::rules::{Act, Chain, Family, Match, Packet, Policy, Rule, Tool};

/// Whether rules are among them that iptables made with what `nft` does not know.
pub(super) fn has_extensions(ruleset: &Value) -> bool {
    items(ruleset, "rule").any(|rule| {
        let mut statements = rule["expr"].as_array().into_iter().flatten();
        statements.any(|one| one.get("xt").is_some())
    })
}

/// The numbers in rules and sets that may be ports.
pub(super) fn numbers(ruleset: &Value) -> Vec<u16> {
    // What has nothing to do with packets.
    const OTHER: [&str; 4] = ["handle", "bytes", "packets", "mark"];
    match ruleset {
        Value::Number(number) => {
            let port = number
                .as_u64()
                .and_then(|number| u16::try_from(number).ok());
            port.into_iter().collect()
        }
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.filter(|(name, _)| !OTHER.contains(&name.as_str()));
            members.flat_map(|(_, value)| numbers(value)).collect()
        }
        _ => Vec::new(),
    }
}

/// What all chains do with a packet.
pub(super) fn chains(ruleset: &Value, packet: Packet) -> Vec<Chain> {
    let mut chains: Vec<Chain> = items(ruleset, "chain")
        .map(|item| chain(item, packet.family))
        .collect();
    let mut places = BTreeMap::new();
    for (n, chain) in chains.iter().enumerate() {
        places.insert((chain.table.clone(), chain.name.clone()), n);
    }
    for rule in items(ruleset, "rule") {
        let table = table(rule);
        let Some(n) = places.get(&(table.clone(), text(rule, "chain").to_owned())) else {
            continue;
        };
        let reader = Reader {
            ruleset,
            table,
            packet,
        };
        let statements = rule["expr"].as_array().map_or(&[][..], Vec::as_slice);
        chains[*n].rules.extend(reader.rules(statements));
    }
    chains
}

fn items<'a>(ruleset: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = ruleset["nftables"].as_array().into_iter().flatten();
    all.filter_map(move |item| item.get(kind))
}

fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item[key].as_str().unwrap_or_default()
}

fn table(item: &Value) -> String {
    format!("{} {}", text(item, "family"), text(item, "table"))
}

fn chain(item: &Value, family: Family) -> Chain {
    let is = |key: &str, values: &[&str]| values.contains(&text(item, key));
    // The kernel asks filters of the packet's family about packets for this machine.
    let is_asked = is("type", &["filter"])
        && is("hook", &["input", "prerouting"])
        && is("family", &[family.word(), "inet"]);
    let table = table(item);
    Chain {
        policy: is_asked.then_some(match text(item, "policy") {
            "drop" => Policy::Drop,
            _ => Policy::Accept,
        }),
        name: text(item, "name").to_owned(),
        rules: Vec::new(),
        tool: match table.as_str() {
            "inet firewalld" | "ip firewalld" | "ip6 firewalld" => Tool::Firewalld,
            _ => Tool::Nft,
        },
        table,
    }
}

/// The elements of a set that has none.
static NONE: Vec<Value> = Vec::new();

/// Reads the rules of a table.
struct Reader<'a> {
    ruleset: &'a Value,
    table: String,
    packet: Packet,
}

impl Reader<'_> {
    /// A rule with a map of verdicts is one for each of its entries.
    fn rules(&self, statements: &[Value]) -> Vec<Rule> {
        let mut matches = Match::Yes;
        for statement in statements {
            let named = statement.as_object().and_then(|map| map.iter().next());
            let Some((name, body)) = named else {
                matches = matches.min(Match::Maybe);
                continue;
            };
            match name.as_str() {
                "counter" | "log" | "comment" | "mangle" | "notrack" => {}
                "match" => matches = matches.min(self.matches(body)),
                "xt" if text(body, "type") == "match" => matches = matches.min(Match::Maybe),
                "vmap" => return self.mapped(body, matches),
                _ => match act(name, body) {
                    Some(act) => return vec![Rule { matches, act }],
                    None => matches = matches.min(Match::Maybe),
                },
            }
        }
        Vec::new()
    }

    fn mapped(&self, body: &Value, matches: Match) -> Vec<Rule> {
        let Some(entries) = self.elements(&body["data"], "map") else {
            let act = Act::Unknown;
            return vec![Rule { matches, act }];
        };
        let (others, named): (Vec<_>, Vec<_>) = entries.iter().partition(|one| one[0] == "*");
        let named = named.into_iter().map(|entry| {
            let found = self.compare(&body["key"], &entry[0]);
            (matches.min(found), &entry[1])
        });
        // What is for all others comes after them.
        let all = named.chain(others.into_iter().map(|entry| (matches, &entry[1])));
        let rules = all.map(|(matches, verdict)| {
            let verdict = verdict.as_object().and_then(|map| map.iter().next());
            let act = verdict.and_then(|(name, body)| act(name, body));
            let act = act.unwrap_or(Act::Unknown);
            Rule { matches, act }
        });
        rules.collect()
    }

    /// The elements of a set or of a map, which may have a name.
    fn elements<'v>(&'v self, of: &'v Value, kind: &'v str) -> Option<&'v Vec<Value>> {
        if let Some(name) = of.as_str().and_then(|name| name.strip_prefix('@')) {
            let mut all = items(self.ruleset, kind);
            let found = all.find(|s| table(s) == self.table && text(s, "name") == name)?;
            return Some(found["elem"].as_array().unwrap_or(&NONE));
        }
        of.get("set").unwrap_or(of).as_array()
    }

    fn matches(&self, body: &Value) -> Match {
        let found = self.compare(&body["left"], &body["right"]);
        match body["op"].as_str() {
            Some("==" | "in") => found,
            Some("!=") => found.negated(),
            _ => Match::Maybe,
        }
    }

    fn compare(&self, left: &Value, right: &Value) -> Match {
        let payload = &left["payload"];
        let protocol = self.packet.protocol.to_string();
        match (payload["protocol"].as_str(), payload["field"].as_str()) {
            (Some("th"), Some("dport")) => return self.has_port(right),
            (Some(of), Some("dport")) if of == protocol => return self.has_port(right),
            (Some("tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "dccp"), Some(_))
                if payload["protocol"] != protocol.as_str() =>
            {
                return Match::No;
            }
            (Some(of @ ("ip" | "ip6")), _) if of != self.packet.family.word() => return Match::No,
            (Some("ip" | "ip6"), Some("protocol" | "nexthdr")) => {
                return self.has_name(right, &protocol);
            }
            _ => {}
        }
        match (left["meta"]["key"].as_str(), left["ct"]["key"].as_str()) {
            (Some("protocol"), _) => self.has_name(right, self.packet.family.word()),
            (Some("l4proto"), _) => self.has_name(right, &protocol),
            (Some("nfproto"), _) => self.has_name(
                right,
                match self.packet.family {
                    Family::V4 => "ipv4",
                    Family::V6 => "ipv6",
                },
            ),
            // It comes from outside, by whichever interface.
            (Some("iif" | "iifname"), _) if right == "lo" => Match::No,
            (_, Some("state")) => self.has_name(right, "new"),
            // It is for the very port that it names.
            (_, Some("status")) if right == "dnat" => Match::No,
            _ if is_kind_of_address(&left["fib"]) => self.has_name(right, "local"),
            _ => Match::Maybe,
        }
    }

    /// Whether a name is what a rule asks for, or among it.
    fn has_name(&self, right: &Value, name: &str) -> Match {
        match right {
            Value::String(text) if !text.starts_with('@') => Match::of(text == name),
            _ => self.is_among(right, |one| self.has_name(one, name)),
        }
    }

    /// Whether the packet's port is what a rule asks for, or among it.
    fn has_port(&self, right: &Value) -> Match {
        let port = self.packet.port;
        if let Some(number) = right.as_u64() {
            return Match::of(number == u64::from(port));
        }
        let Some(ends) = right["range"].as_array() else {
            return self.is_among(right, |one| self.has_port(one));
        };
        match ends.iter().map(Value::as_u64).collect::<Vec<_>>()[..] {
            [Some(first), Some(last)] => Match::of((first..=last).contains(&port.into())),
            _ => Match::Maybe,
        }
    }

    fn is_among(&self, right: &Value, is_one: impl Fn(&Value) -> Match) -> Match {
        let Some(elements) = self.elements(right, "set") else {
            return Match::Maybe;
        };
        // An element with a counter or an end.
        let value = |one: &Value| is_one(one["elem"].get("val").unwrap_or(one));
        elements.iter().map(value).max().unwrap_or(Match::No)
    }
}

/// Whether it is asked what kind of address the packet is for.
fn is_kind_of_address(fib: &Value) -> bool {
    let flags = &fib["flags"];
    fib["result"] == "type" && (flags == "daddr" || flags[0] == "daddr")
}

/// What a statement does, where that is a verdict.
fn act(name: &str, body: &Value) -> Option<Act> {
    let target = || text(body, "target").to_owned();
    Some(match name {
        "accept" => Act::Accept,
        "drop" | "reject" => Act::Drop,
        "return" => Act::Return,
        "continue" => Act::Pass,
        "jump" => Act::Jump(target()),
        "goto" => Act::Goto(target()),
        "xt" => iptables::target(text(body, "name")),
        "queue" | "synproxy" => Act::Unknown,
        _ => return None,
    })
}
