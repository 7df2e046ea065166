//! Following a packet through chains of rules. Pure: [`super::nft`] and [`super::iptables`] read them.

use std::fmt;

use crate::host::sockets::Protocol;

/// Chains that call each other deeper are not followed.
const DEEPEST: usize = 16;

/// The kind of addresses that a packet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// As `nft` writes it: `ip` or `ip6`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::V4 => "ip",
            Self::V6 => "ip6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The first packet of somebody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The kind of its addresses.
    pub family: Family,
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
        /// What the chain is changed with.
        tool: Tool,
    },
}

/// What a firewall's rules are written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `nft`.
    Nft,
    /// `iptables`.
    Iptables,
    /// The `iptables` of the kernel's older tables.
    LegacyIptables,
    /// `ufw`.
    Ufw,
    /// `firewall-cmd`.
    Firewalld,
}

/// What a chain does with one packet.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// Family and name: `inet filter`.
    pub table: String,
    pub name: String,
    /// What comes after its rules, where the kernel asks it about packets for this machine.
    pub policy: Option<Policy>,
    pub rules: Vec<Rule>,
    pub tool: Tool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Accept,
    Drop,
}

/// What a rule does with one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub matches: Match,
    pub act: Act,
}

/// Whether a rule is for the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    Maybe,
    Yes,
}

impl Match {
    pub fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    pub fn negated(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    Drop,
    /// Back to the chain that called.
    Return,
    /// Through another chain of the table, and on with the next rule.
    Jump(String),
    /// Through another chain of the table, and not back here.
    Goto(String),
    /// Nothing that matters here.
    Pass,
    /// It may let the packet in.
    Unknown,
}

/// What all chains that see incoming packets do with this one.
pub(super) fn fate(chains: &[Chain]) -> Fate {
    for chain in chains {
        let Some(policy) = chain.policy else {
            continue;
        };
        let ends = Ends::of(chain, chains, DEEPEST);
        if ends.accepted || (ends.open && policy == Policy::Accept) {
            continue;
        }
        return Fate::Dropped {
            chain: format!("{} {}", chain.table, chain.name),
            by_policy: ends.open,
            tool: chain.tool,
        };
    }
    Fate::MayPass
}

/// Every way in which a chain may end for the packet: where a rule is not understood, there are several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    accepted: bool,
    /// Without a verdict. If it is neither, the packet is dropped.
    open: bool,
}

impl Ends {
    fn of(chain: &Chain, chains: &[Chain], depth: usize) -> Self {
        let mut all = Self::default();
        for rule in &chain.rules {
            if rule.matches == Match::No {
                continue;
            }
            let (ends, goes_on) = Self::of_rule(&rule.act, chain, chains, depth);
            all.accepted |= ends.accepted;
            all.open |= ends.open;
            if rule.matches == Match::Yes && !goes_on {
                return all;
            }
        }
        all.open = true;
        all
    }

    /// How the chain may end by a rule, and whether it may go on with the next one.
    fn of_rule(act: &Act, chain: &Chain, chains: &[Chain], depth: usize) -> (Self, bool) {
        let mut ends = Self::default();
        match act {
            Act::Pass => return (ends, true),
            Act::Accept => ends.accepted = true,
            Act::Drop => {}
            Act::Return => ends.open = true,
            Act::Unknown => {
                ends.accepted = true;
                return (ends, true);
            }
            Act::Jump(target) => {
                ends = Self::of_called(target, chain, chains, depth);
                return (
                    Self {
                        open: false,
                        ..ends
                    },
                    ends.open,
                );
            }
            Act::Goto(target) => ends = Self::of_called(target, chain, chains, depth),
        }
        (ends, false)
    }

    fn of_called(target: &str, from: &Chain, chains: &[Chain], depth: usize) -> Self {
        let mut of_table = chains.iter().filter(|chain| chain.table == from.table);
        let chain = of_table.find(|chain| chain.name == target);
        match (chain, depth.checked_sub(1)) {
            (Some(chain), Some(depth)) => Self::of(chain, chains, depth),
            // Anything may come of what cannot be followed.
            _ => Self {
                accepted: true,
                open: true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(name: &str, policy: Option<Policy>, rules: &[(Match, Act)]) -> Chain {
        let rules = rules.iter().cloned();
        Chain {
            table: "ip filter".into(),
            name: name.into(),
            policy,
            rules: rules.map(|(matches, act)| Rule { matches, act }).collect(),
            tool: Tool::Nft,
        }
    }

    fn is_dropped(rules: &[(Match, Act)], called: &[(Match, Act)]) -> bool {
        let chains = [
            chain("input", Some(Policy::Drop), rules),
            chain("called", None, called),
        ];
        fate(&chains) != Fate::MayPass
    }

    #[test]
    fn a_chain_that_was_gone_to_does_not_come_back_and_one_that_was_jumped_to_does() {
        use Act::{Accept, Drop, Goto, Jump, Return};
        use Match::{Maybe, No, Yes};
        let (jump, goto) = (Jump("called".into()), Goto("called".into()));
        assert!(!is_dropped(&[(Yes, jump.clone()), (Yes, Accept)], &[]));
        assert!(is_dropped(&[(Yes, goto.clone()), (Yes, Accept)], &[]));
        assert!(is_dropped(
            &[(Yes, jump.clone()), (Yes, Accept)],
            &[(Yes, Drop)]
        ));
        assert!(!is_dropped(&[(Yes, jump.clone())], &[(Yes, Accept)]));
        assert!(is_dropped(
            &[(Yes, jump.clone())],
            &[(Yes, Return), (Yes, Accept)]
        ));
        assert!(is_dropped(&[(No, jump.clone())], &[(Yes, Accept)]));
        // What may be so is enough to be open, and not enough to be closed.
        assert!(!is_dropped(&[(Maybe, goto.clone())], &[(Yes, Accept)]));
        assert!(!is_dropped(&[(Maybe, Accept), (Yes, Drop)], &[]));
        assert!(is_dropped(
            &[(Maybe, goto.clone()), (Yes, Drop)],
            &[(Yes, Drop)]
        ));
        assert!(is_dropped(&[(Maybe, goto)], &[(Maybe, Return)]));
        assert!(!is_dropped(&[(Yes, Jump("nowhere".into()))], &[]));
        assert!(!is_dropped(&[(Yes, Act::Unknown)], &[]));
        assert!(is_dropped(&[(Yes, Act::Pass)], &[]));
    }
}
