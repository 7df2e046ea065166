//! Finds the token in what somebody pasted.

/// The token in what somebody pasted, and what stood around it.
pub fn unwrapped(text: &str) -> (&str, Option<&'static str>) {
    let blank = text.trim();
    let token = blank.trim_matches(['"', '\'', '`']).trim();
    if let Some(rest) = token
        .strip_prefix("Bearer ")
        .or(token.strip_prefix("bearer "))
    {
        let what = "`Bearer ` stood before it: that belongs into the header, not into the token";
        return (rest.trim(), Some(what));
    }
    if let Some((_, rest)) = token.split_once("access_token=") {
        let what = "it stood in an address: the SDK wants the address and the token apart";
        return (rest.split('&').next().unwrap_or(rest), Some(what));
    }
    let quoted = token.len() != blank.len();
    (
        token,
        quoted.then_some("it stood in quotes, which LiveKit takes for a part of it"),
    )
}
