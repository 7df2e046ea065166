//! The rules of iptables, as `iptables-save` and `ip6tables-save` print them.

use super::rules::{Act, Chain, Family, Match, Packet, Policy, Rule, Tool};

/// Whether these rules are among those of nftables, or in the kernel's older tables.
pub(super) fn is_of_nft(saved: &str) -> bool {
    let head = saved.lines().next().unwrap_or_default();
    ["nf_tables", "nft-save", "xtables-save"]
        .iter()
        .any(|sign| head.contains(sign))
}

/// What all chains do with a packet.
pub(super) fn chains(saved: &str, packet: Packet) -> Vec<Chain> {
    let is_of_ufw = ["\n:ufw-user-input ", "\n:ufw6-user-input "]
        .iter()
        .any(|chain| saved.contains(chain));
    let tool = if is_of_ufw {
        Tool::Ufw
    } else if is_of_nft(saved) {
        Tool::Iptables
    } else {
        Tool::LegacyIptables
    };
    let mut chains: Vec<Chain> = Vec::new();
    let mut table = "";
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if let Some(declared) = line.strip_prefix(':') {
            chains.push(declared_in(packet.family, table, declared, tool));
        } else if let Some((name, rule)) = rule(line, packet) {
            let of_table = of_family(packet.family, table);
            let mut chains = chains.iter_mut();
            if let Some(chain) = chains.find(|c| c.table == of_table && c.name == name) {
                chain.rules.push(rule);
            }
        }
    }
    chains
}

/// The ports that rules name, and the ends of ranges.
pub(super) fn ports(saved: &str) -> Vec<u16> {
    let mut ports = Vec::new();
    for line in saved.lines() {
        let mut words = line.split(' ');
        while let Some(word) = words.next() {
            if ["--dport", "--dports", "--ports"].contains(&word) {
                let ends = words.next().unwrap_or_default().split([',', ':']);
                ports.extend(ends.filter_map(|end| end.parse::<u16>().ok()));
            }
        }
    }
    ports
}

/// The table as `nft` calls it: `ip filter`, `ip6 filter`.
fn of_family(family: Family, table: &str) -> String {
    format!("{} {table}", family.word())
}

/// `INPUT DROP [0:0]`
fn declared_in(family: Family, table: &str, declared: &str, tool: Tool) -> Chain {
    let mut words = declared.split(' ');
    let name = words.next().unwrap_or_default();
    let policy = match words.next() {
        Some("DROP") => Policy::Drop,
        _ => Policy::Accept,
    };
    // Those of `nat` say where a packet goes, not whether.
    let is_asked = table != "nat" && ["INPUT", "PREROUTING"].contains(&name);
    Chain {
        table: of_family(family, table),
        name: name.to_owned(),
        policy: is_asked.then_some(policy),
        rules: Vec::new(),
        tool,
    }
}

/// `-A CHAIN … -j TARGET …`
fn rule(line: &str, packet: Packet) -> Option<(String, Rule)> {
    let words = words(line.strip_prefix("-A ")?);
    let mut words = words.iter().map(String::as_str);
    let chain = words.next()?.to_owned();
    let mut matches = Match::Yes;
    let mut is_negated = false;
    let mut act = Act::Pass;
    while let Some(word) = words.next() {
        match word {
            "!" => {
                is_negated = true;
                continue;
            }
            "-j" => {
                act = target(words.next()?);
                break;
            }
            "-g" => {
                act = Act::Goto(words.next()?.to_owned());
                break;
            }
            option if option.starts_with('-') => {
                let found = asked(option, &mut words, packet);
                matches = matches.min(if is_negated { found.negated() } else { found });
            }
            // More words of an option that is not understood.
            _ => {}
        }
        is_negated = false;
    }
    Some((chain, Rule { matches, act }))
}

/// Whether the packet is what an option asks for; takes the words of those that it understands.
fn asked<'a>(option: &str, words: &mut impl Iterator<Item = &'a str>, packet: Packet) -> Match {
    let protocol = packet.protocol.to_string();
    let mut word = || words.next().unwrap_or_default();
    match option {
        "-m" => match word() {
            // Their options say what they ask for.
            "tcp" | "udp" | "multiport" | "conntrack" | "state" | "addrtype" | "comment" => {
                Match::Yes
            }
            _ => Match::Maybe,
        },
        "--comment" => {
            word();
            Match::Yes
        }
        "-p" => match word() {
            "all" | "0" => Match::Yes,
            "6" => Match::of(protocol == "tcp"),
            "17" => Match::of(protocol == "udp"),
            name => Match::of(name == protocol),
        },
        // It comes from outside, by whichever interface.
        "-i" => never_if(word() == "lo"),
        "--dport" | "--dports" => has_port(word(), packet.port),
        // The other end may have it.
        "--ports" => has_port(word(), packet.port).max(Match::Maybe),
        "--ctstate" | "--state" => Match::of(word().split(',').any(|state| state == "NEW")),
        "--ctdir" => Match::of(word() == "ORIGINAL"),
        // It is for the very port that it names.
        "--ctstatus" => never_if(word() == "DNAT"),
        "--dst-type" => Match::of(word() == "LOCAL"),
        "--syn" => Match::Yes,
        "--tcp-flags" => opens(word(), word()),
        _ => Match::Maybe,
    }
}

fn never_if(is_other: bool) -> Match {
    if is_other { Match::No } else { Match::Maybe }
}

/// Whether the first packet of a connection, which has SYN alone, has these of those flags alone.
fn opens(of: &str, set: &str) -> Match {
    let has_syn = of == "ALL" || of.split(',').any(|flag| flag == "SYN");
    Match::of(set == if has_syn { "SYN" } else { "NONE" })
}

/// `22,80,50000:60000`
fn has_port(ports: &str, port: u16) -> Match {
    let each = ports.split(',').map(|one| {
        let (first, last) = one.split_once(':').unwrap_or((one, one));
        let end = |text: &str, open| match text {
            "" => Some(open),
            text => text.parse().ok(),
        };
        match (end(first, 0), end(last, u16::MAX)) {
            (Some(first), Some(last)) => Match::of((first..=last).contains(&port)),
            _ => Match::Maybe,
        }
    });
    each.max().unwrap_or(Match::Maybe)
}

/// What a target does.
pub(super) fn target(name: &str) -> Act {
    match name {
        "ACCEPT" => Act::Accept,
        "DROP" | "REJECT" => Act::Drop,
        "RETURN" => Act::Return,
        "AUDIT" | "CHECKSUM" | "CLASSIFY" | "CONNMARK" | "CONNSECMARK" | "CT" | "DSCP" | "LOG"
        | "MARK" | "NFLOG" | "NOTRACK" | "SECMARK" | "SET" | "TCPMSS" | "TOS" | "TRACE" | "TTL"
        | "ULOG" => Act::Pass,
        "NFQUEUE" | "QUEUE" | "SYNPROXY" => Act::Unknown,
        // One that is no chain of the table cannot be followed there.
        chain => Act::Jump(chain.to_owned()),
    }
}

/// Words as `iptables-save` writes them: with quotes around those that have blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut is_quoted) = (String::new(), false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if is_quoted => word.extend(letters.next()),
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::sockets::Protocol;

    fn of(line: &str) -> (Match, Act) {
        let packet = Packet {
            family: Family::V4,
            protocol: Protocol::Tcp,
            port: 7880,
        };
        let (chain, rule) = rule(line, packet).unwrap();
        assert_eq!(chain, "INPUT");
        (rule.matches, rule.act)
    }

    #[test]
    fn rules_are_read_as_they_are_for_the_first_packet_of_a_connection() {
        use Match::{Maybe, No, Yes};
        for (options, expected) in [
            ("", Yes),
            ("-i lo", No),
            ("! -i lo", Yes),
            ("-i eth0", Maybe),
            ("-s 10.0.0.0/8", Maybe),
            ("-p udp -m udp --dport 7880", No),
            ("-p tcp -m tcp --dport 7880", Yes),
            ("-p tcp -m tcp ! --dport 7880", No),
            ("-p tcp -m multiport --dports 22,7000:8000", Yes),
            ("-p tcp -m multiport --dports 22,8000:", No),
            ("-m conntrack --ctstate RELATED,ESTABLISHED", No),
            ("-m conntrack ! --ctstate RELATED,ESTABLISHED", Yes),
            ("-m state --state NEW", Yes),
            (
                "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW",
                Yes,
            ),
            ("-p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN", No),
            ("-p tcp -m tcp --tcp-flags FIN,ACK NONE", Yes),
            ("-m addrtype --dst-type LOCAL", Yes),
            ("-m addrtype --dst-type BROADCAST", No),
            ("-m limit --limit 3/min --limit-burst 10", Maybe),
            ("-m set --match-set friends src", Maybe),
            ("-m comment --comment \"let -j DROP \\\"them\\\" in\"", Yes),
        ] {
            let line = format!("-A INPUT {options} -j ACCEPT");
            assert_eq!(of(&line), (expected, Act::Accept), "{options}");
        }
    }

    #[test]
    fn targets_are_told_apart() {
        let act = |target: &str| of(&format!("-A INPUT {target}")).1;
        assert_eq!(
            act("-j REJECT --reject-with icmp-port-unreachable"),
            Act::Drop
        );
        assert_eq!(act("-j LOG --log-prefix \"[UFW BLOCK] \""), Act::Pass);
        assert_eq!(act("-j others"), Act::Jump("others".into()));
        assert_eq!(act("-g others"), Act::Goto("others".into()));
        assert_eq!(act(""), Act::Pass);
    }
}
