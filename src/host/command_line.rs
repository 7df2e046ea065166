//! Command lines as they may be shown: on one line, bounded, and without what looks like a secret.

/// Longer command lines end in `…`.
const LONGEST: usize = 120;
const HIDDEN: &str = "***";

/// Words that make what follows them a secret. Hiding too much does no harm here.
const SECRET_WORDS: [&str; 7] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "cred",
    "authorization",
];

/// Program and arguments on one line.
pub fn shown<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut value_is_next = false;
    for (i, argument) in arguments.into_iter().enumerate() {
        let argument = argument.as_ref();
        let is_option = argument.starts_with('-');
        words.push(if i == 0 {
            argument.rsplit('/').next().unwrap_or(argument).to_owned()
        } else if value_is_next && !is_option {
            HIDDEN.to_owned()
        } else {
            redacted(argument)
        });
        value_is_next =
            is_option && secret_word(argument).is_some() && secret_value(argument).is_none();
    }
    bounded(&words.join(" "))
}

/// Where a word that announces a secret starts.
fn secret_word(argument: &str) -> Option<usize> {
    let lower = argument.to_ascii_lowercase();
    SECRET_WORDS.iter().filter_map(|w| lower.find(w)).min()
}

/// Where the value starts in `--password=value`, `TOKEN: value`, `{"key": value}`.
fn secret_value(argument: &str) -> Option<usize> {
    let word = secret_word(argument)?;
    let separator = argument.get(word..)?.find(['=', ':'])?;
    Some(word + separator + 1)
}

fn redacted(argument: &str) -> String {
    if let Some(value) = secret_value(argument) {
        return format!("{}{HIDDEN}", argument.get(..value).unwrap_or_default());
    }
    // `--keys "name: secret"` and headers carry a pair in one argument.
    if let Some((name, _)) = argument.split_once(": ") {
        return format!("{name}: {HIDDEN}");
    }
    match argument
        .split_once("://")
        .map(|(s, rest)| (s, rest.rsplit_once('@')))
    {
        Some((scheme, Some((_, host)))) => format!("{scheme}://{HIDDEN}@{host}"),
        _ => argument.to_owned(),
    }
}

fn bounded(line: &str) -> String {
    let line: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_command_lines_are_shown_as_they_are() {
        for (arguments, line) in [
            (
                vec!["/usr/bin/python3", "-m", "http.server", "7880"],
                "python3 -m http.server 7880",
            ),
            (
                vec!["livekit-server", "--config", "/etc/livekit.yaml"],
                "livekit-server --config /etc/livekit.yaml",
            ),
            (
                vec!["curl", "http://localhost:7880/rtc"],
                "curl http://localhost:7880/rtc",
            ),
            (vec![], ""),
        ] {
            assert_eq!(shown(arguments), line);
        }
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        for arguments in [
            vec!["x", "--password", "s3cr3t"],
            vec!["x", "--password=s3cr3t"],
            vec!["x", "--api-secret", "s3cr3t", "more"],
            vec!["x", "REDIS_PASSWORD=s3cr3t"],
            vec!["x", "--keys", "APIname: s3cr3t"],
            vec!["x", "APIname: s3cr3t"],
            vec!["x", "-H", "Authorization: Bearer s3cr3t"],
            vec!["x", "mongodb://root:s3cr3t@127.0.0.1/db"],
            vec!["x", "--uri=redis://:a/s3cr3t@[::1]:6379"],
            vec!["sh", "-c", "export DB_PASSWD=s3cr3t; serve"],
            vec!["x", r#"{"access_token":"s3cr3t"}"#],
            vec!["x", "--access-token", "s3cr3t"],
        ] {
            let line = shown(&arguments);
            assert!(!line.contains("s3cr3t"), "{line}");
            assert!(line.contains(HIDDEN), "{line}");
        }
        assert_eq!(
            shown(["x", "mongodb://root:s3cr3t@127.0.0.1/db"]),
            "x mongodb://***@127.0.0.1/db"
        );
    }

    #[test]
    fn a_long_line_is_cut_and_control_characters_are_blanks() {
        let line = shown(["x", &"ä".repeat(500), "end"]);
        assert_eq!(line.chars().count(), LONGEST + 1);
        assert!(line.ends_with('…'));
        assert_eq!(shown(["sh", "-c", "a\nb\x1b[31m"]), "sh -c a b [31m");
    }
}
