//! Command lines as they may be shown: bounded, and without what looks like a secret.

/// Longer command lines end in `…`.
const LONGEST: usize = 120;
const HIDDEN: &str = "***";

/// Words that make the value of an option or variable a secret.
const SECRET_WORDS: [&str; 7] = [
    "password",
    "passwd",
    "secret",
    "token",
    "key",
    "credential",
    "auth",
];

/// Program and arguments on one line.
pub fn shown<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut hide_next = false;
    for (i, argument) in arguments.into_iter().enumerate() {
        let argument = argument.as_ref();
        if i == 0 {
            words.push(argument.rsplit('/').next().unwrap_or(argument).to_owned());
            continue;
        }
        let is_value = hide_next && !argument.starts_with('-');
        hide_next = !argument.contains('=') && argument.starts_with('-') && secret_name(argument);
        words.push(if is_value {
            HIDDEN.to_owned()
        } else {
            redacted(argument)
        });
    }
    bounded(&words.join(" "))
}

fn secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Hides the value of `--password=…`, `TOKEN=…`, `key: secret` and `scheme://user:password@…`.
fn redacted(argument: &str) -> String {
    if let Some((name, _)) = argument.split_once('=')
        && secret_name(name)
    {
        return format!("{name}={HIDDEN}");
    }
    // `livekit-server --keys "name: secret"` and the like carry a pair in one argument.
    if let Some((name, value)) = argument.split_once(": ")
        && !value.is_empty()
    {
        return format!("{name}: {HIDDEN}");
    }
    if let Some((scheme, rest)) = argument.split_once("://") {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if let Some(at) = rest.get(..end).and_then(|authority| authority.rfind('@')) {
            return format!("{scheme}://{HIDDEN}{}", rest.get(at..).unwrap_or_default());
        }
    }
    argument
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn bounded(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line.to_owned(),
    }
}
