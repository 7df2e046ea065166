//! Following a packet through chains of rules. Pure: [`super::nft`] and [`super::iptables`] read them.

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
        let mut walk = Walk {
            chains,
            may_be_accepted: false,
        };
        let by_policy = match walk.chain(chain, DEEPEST) {
            Some(Verdict::Drop) => false,
            None if policy == Policy::Drop && !walk.may_be_accepted => true,
            _ => continue,
        };
        return Fate::Dropped {
            chain: format!("{} {}", chain.table, chain.name),
            by_policy,
            tool: chain.tool,
        };
    }
    Fate::MayPass
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accept,
    Drop,
    Return,
}

struct Walk<'a> {
    chains: &'a [Chain],
    /// Whether a rule that was not understood may have let the packet in before.
    may_be_accepted: bool,
}

impl Walk<'_> {
    /// The verdict of a chain; `None` where it has none.
    fn chain(&mut self, chain: &Chain, depth: usize) -> Option<Verdict> {
        for rule in &chain.rules {
            match self.rule(rule, chain, depth) {
                None => {}
                Some(Verdict::Return) => return None,
                // What may have been let in before is not known to be dropped now.
                Some(Verdict::Drop) if self.may_be_accepted => return Some(Verdict::Accept),
                found => return found,
            }
        }
        None
    }

    fn rule(&mut self, rule: &Rule, chain: &Chain, depth: usize) -> Option<Verdict> {
        if rule.matches == Match::No {
            return None;
        }
        let found = match &rule.act {
            Act::Pass => return None,
            Act::Accept => Verdict::Accept,
            Act::Drop => Verdict::Drop,
            Act::Return => Verdict::Return,
            Act::Jump(target) => self.called(target, chain, depth)?,
            Act::Goto(target) => self.called(target, chain, depth).unwrap_or(Verdict::Return),
            Act::Unknown => {
                self.may_be_accepted = true;
                return None;
            }
        };
        if rule.matches == Match::Yes {
            return Some(found);
        }
        // A chain that may be left early may leave to be accepted elsewhere.
        self.may_be_accepted |= found != Verdict::Drop;
        None
    }

    fn called(&mut self, target: &str, from: &Chain, depth: usize) -> Option<Verdict> {
        let mut chains = self.chains.iter();
        let chain = chains.find(|c| c.table == from.table && c.name == target);
        let (Some(chain), Some(depth)) = (chain, depth.checked_sub(1)) else {
            self.may_be_accepted = true;
            return None;
        };
        self.chain(chain, depth)
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
        assert!(is_dropped(&[(Maybe, goto), (Yes, Drop)], &[(Yes, Drop)]));
        assert!(!is_dropped(&[(Yes, Jump("nowhere".into()))], &[]));
        assert!(!is_dropped(&[(Yes, Act::Unknown)], &[]));
        assert!(is_dropped(&[(Yes, Act::Pass)], &[]));
    }
}
