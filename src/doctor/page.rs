//! What there is to read about a check: on the terminal, and as a page of docs/.

use std::fmt::Write as _;

use super::check::{About, CHECKS};
use super::group::Group;
use crate::error::{Error, Result};

/// The check of this code.
pub fn named(code: &str) -> Result<&'static About> {
    let abouts = || CHECKS.iter().map(|check| check.about());
    abouts().find(|about| about.code == code).ok_or_else(|| {
        let nearest = abouts()
            .map(|about| (strsim::damerau_levenshtein(about.code, code), about.code))
            .min()
            .filter(|(distance, _)| *distance <= 5);
        let error = Error::usage(format!("no check has the code `{code}`"));
        match nearest {
            Some((_, near)) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("urbania doctor -o json   shows all codes"),
        }
    })
}

/// The check for a person at a terminal.
pub fn explanation(about: &About) -> String {
    let parts = [
        ("looks at", about.looks_at),
        ("why", about.why),
        ("fix", about.fix),
    ];
    let mut text = format!("{}: {}", about.code, about.title);
    for (heading, part) in parts {
        let _ = write!(text, "\n\n{heading}\n{}", indented(part));
    }
    text
}

fn indented(part: &str) -> String {
    let lines = part.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The pages of docs/doctor: names of files and their texts.
pub fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), list())];
    for check in CHECKS {
        let about = check.about();
        pages.push((format!("{}.md", about.code), page(about)));
    }
    pages
}

fn page(about: &About) -> String {
    let About {
        code,
        title,
        looks_at,
        why,
        fix,
        ..
    } = about;
    format!(
        "# `{code}`: {title}\n\n{looks_at}\n\n## Why it matters\n\n{why}\n\n## What to do\n\n{fix}\n\n\
         [All checks](README.md); this page is what `urbania doctor --explain {code}` says.\n"
    )
}

fn list() -> String {
    let mut text = "# What `urbania doctor` looks for\n\n\
        Each check has a code that stays. `urbania doctor --only GROUP` runs those of one group,\n\
        `urbania doctor --explain CODE` shows the page of one.\n"
        .to_owned();
    for group in Group::ALL {
        let _ = write!(
            text,
            "\n## {group}: {}\n\n| code | fault |\n| --- | --- |\n",
            group.about()
        );
        for check in CHECKS.iter().filter(|c| c.about().group == group) {
            let About { code, title, .. } = check.about();
            let _ = writeln!(text, "| [`{code}`]({code}.md) | {title} |");
        }
    }
    text.push_str(NOT_LOOKED_FOR);
    text.push_str("\nThese pages are written by `urbania doctor --pages docs/doctor`.\n");
    text
}

const NOT_LOOKED_FOR: &str = "
## Not looked for, because

| what | why |
| --- | --- |
| blocks of ports that Windows reserves | on Linux nobody reserves ports but the kernel (`ports.ephemeral`). Those \
of Windows are not seen from within WSL2: `netsh interface ipv4 show excludedportrange protocol=udp` shows them there |
| firewalls of routers and clouds, the forwarding of a router | they are not seen from this machine: only somebody \
outside can try |
| whether other machines of the LAN reach the SFU | nobody there can be asked. `machine.firewall` says what this \
machine does with their packets, `address.advertised` where they are sent |
| processes of other users | only root sees their environment and their sockets' holders: `sudo urbania doctor` |

Each check has a test that makes its fault on a part of a real machine. Two faults cannot be had there, and the test \
makes what the check reads of them: a processor without AVX (`/proc/cpuinfo`) and a machine whose memory is used up \
(`/proc/meminfo`, which the limits of control groups do not change).
";
