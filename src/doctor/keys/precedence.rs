//! Which of several env files wins, and whether what wins fits together.

use async_trait::async_trait;

use super::winning::{self, MODES, Winning};
use crate::config::{KEY, SECRET, other_address};
use crate::doctor::{About, Check, Finding, Group, Look, Site, Verdict};
use crate::livekit::keys::KeyPair;

/// The check.
#[derive(Debug)]
pub struct Precedence;

const ABOUT: About = About {
    code: "keys.precedence",
    group: Group::Keys,
    title: "another env file wins over the one that has the right pair or address",
    looks_at: "In the project's folder and in those of the files under `backends:`, the env files that common loaders\n\
        (Next.js, Vite, dotenv-flow) read, in their order: `.env.development.local`, `.env.local`, `.env.development`,\n\
        `.env`, and the same for `production` and `test` (which leaves `.env.local` out). For each variable the first\n\
        file that sets it wins: the two of the pair, and those of the SFU's address. Files that the project names are compared one by one by `keys.backend-differs`; this is\n\
        about those beside them.",
    why: "Two halves of two pairs, or an old pair in a file that nobody remembers: the file that you look at is right,\n\
        and the SFU answers 401, or another SFU does. `urbania keys sync` does not know files that urbania.yaml does not name.",
    fix: "Take the lines out of the file that wins, or name it under `backends:` of urbania.yaml and run\n\
        `urbania keys sync`.",
};

#[async_trait]
impl Check for Precedence {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let mut found: Vec<(Winning, Fault, Vec<&str>)> = Vec::new();
        for winning in winning::all(project) {
            let Some(fault) = judge(&winning, &project.livekit.keys) else {
                continue;
            };
            let is_same =
                |(other, ..): &&mut (Winning, Fault, Vec<&str>)| places(other) == places(&winning);
            if let Some((.., modes)) = found.iter_mut().find(is_same) {
                modes.push(winning.mode);
            } else {
                let modes = vec![winning.mode];
                found.push((winning, fault, modes));
            }
        }
        let told = found.iter();
        let told = told.map(|(winning, fault, modes)| finding(winning, *fault, modes));
        let elsewhere = |value: &str| other_address(value, project);
        Ok(told
            .chain(addresses(&winning::all(project), &elsewhere))
            .collect())
    }
}

/// What is wrong with what wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    ForeignKey,
    OtherSecret,
    /// The other half is nowhere.
    HalfAlone,
}

/// Addresses of another SFU in files that nobody else looks at; `elsewhere` has what is found and what is right.
fn addresses(
    all: &[Winning],
    elsewhere: &dyn Fn(&str) -> Option<(String, String)>,
) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for (name, half) in all.iter().flat_map(|winning| &winning.addresses) {
        let Some((other, right)) = elsewhere(half.value()).filter(|_| !half.is_named) else {
            continue;
        };
        let (file, line) = (half.file.display(), half.line);
        let message = format!("{file}:{line}: {name} is `{other}`, the SFU is at `{right}`");
        // In every mode that reads the file, it is the same.
        if found.iter().all(|finding| finding.message != message) {
            let way = format!("take {name} out of `{file}`, or set it to `{right}`");
            found.push(Finding::warning(message).fix(way));
        }
    }
    found
}

fn judge(winning: &Winning, pairs: &[KeyPair]) -> Option<Fault> {
    if winning.is_of_a_named_file() {
        return None;
    }
    let Some(found) = winning.pair() else {
        return Some(Fault::HalfAlone);
    };
    match pairs.iter().find(|pair| pair.key == found.key) {
        None => Some(Fault::ForeignKey),
        Some(pair) if pair.fingerprint() == found.fingerprint() => None,
        Some(_) => Some(Fault::OtherSecret),
    }
}

/// Each half and where it comes from.
fn places(winning: &Winning) -> Vec<(&'static str, String)> {
    let halves = [(KEY, &winning.key), (SECRET, &winning.secret)];
    let there = halves.into_iter().filter_map(|(name, half)| {
        let half = half.as_ref()?;
        Some((name, format!("{}:{}", half.file.display(), half.line)))
    });
    there.collect()
}

fn finding(winning: &Winning, fault: Fault, modes: &[&str]) -> Finding {
    let place = match winning.folder.display().to_string() {
        here if here.is_empty() => String::new(),
        folder => format!("{folder}: "),
    };
    let modes = if modes.len() == MODES.len() {
        "every mode".to_owned()
    } else {
        modes.join(" and ")
    };
    let (verdict, fault) = match fault {
        Fault::ForeignKey => (Verdict::Problem, "the key is not in livekit.yaml"),
        Fault::OtherSecret => (Verdict::Problem, "the secret is not that of the key"),
        Fault::HalfAlone => (Verdict::Warning, "one half is there alone"),
    };
    let message = format!("{place}in {modes} the env files that win hold no pair: {fault}");
    let finding = Finding::new(verdict, message);
    let finding = places(winning)
        .iter()
        .fold(finding, |finding, (name, place)| {
            finding.evidence(format!("{name} comes from {place}"))
        });
    finding
        .fix(winning.way())
        .fix(format!("or take {KEY} and {SECRET} out of it"))
}

#[cfg(test)]
mod tests {
    use super::super::winning::tests::of;
    use super::*;

    fn fault(files: &[(&str, &str)]) -> Option<Fault> {
        let pair = KeyPair {
            key: "APIone".into(),
            secret: "right".into(),
        };
        judge(&of(files), &[pair])
    }

    #[test]
    fn an_address_in_a_file_that_is_not_named_is_told_once() {
        let is_here = |value: &str| {
            (value != "ws://here").then(|| (value.to_owned(), "ws://here".to_owned()))
        };
        let named = (".env", "LIVEKIT_URL=ws://named\n");
        let other = (".env.local", "\nLIVEKIT_URL=ws://there\n");
        let told = |files: &[(&str, &str)]| addresses(&[of(files), of(files)], &is_here);
        assert_eq!(told(&[named]), []);
        assert_eq!(
            told(&[(".env.local", "LIVEKIT_URL=ws://here\n"), named]),
            []
        );
        let found = told(&[other, named]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].message,
            ".env.local:2: LIVEKIT_URL is `ws://there`, the SFU is at `ws://here`"
        );
    }

    #[test]
    fn the_file_that_wins_decides_for_each_half() {
        let right = (".env", "LIVEKIT_API_KEY=APIone\nLIVEKIT_API_SECRET=right\n");
        let half = (".env.local", "\nLIVEKIT_API_SECRET=old\n");
        assert_eq!(fault(&[right]), None);
        assert_eq!(fault(&[half, right]), Some(Fault::OtherSecret));
        assert_eq!(
            places(&of(&[half, right])),
            [
                (KEY, ".env:1".to_owned()),
                (SECRET, ".env.local:2".to_owned())
            ]
        );
        let other = "LIVEKIT_API_KEY=APItwo\nLIVEKIT_API_SECRET=two\n";
        assert_eq!(
            fault(&[(".env.local", other), right]),
            Some(Fault::ForeignKey)
        );
        // Nobody else looks at a file that is not named, also where it is alone.
        assert_eq!(fault(&[(".env.local", other)]), Some(Fault::ForeignKey));
        assert_eq!(fault(&[half]), Some(Fault::HalfAlone));
        // A named file alone is compared elsewhere.
        assert_eq!(fault(&[(".env", other)]), None);
        // A file that sets the right pair again does no harm, and an empty value is none.
        assert_eq!(fault(&[(".env.local", right.1), half]), None);
        assert_eq!(
            fault(&[(".env.local", "LIVEKIT_API_SECRET=\n"), right]),
            None
        );
    }
}
