//! Where Chromium or Chrome is.

use std::path::{Path, PathBuf};

use crate::context::Env;
use crate::error::{Error, Result};

/// Names another one.
const VARIABLE: &str = "URBANIA_BROWSER";

/// What distributions call it.
const NAMES: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "brave-browser",
];

/// Where it is that is not on the PATH.
const PLACES: [&str; 5] = [
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The browser that is named, or the first one that is found.
pub fn find(env: &Env) -> Result<PathBuf> {
    if let Some(named) = env.get(VARIABLE) {
        let path = PathBuf::from(named);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Error::usage(format!(
                "{VARIABLE} is `{named}`: there is no such file"
            )))
        };
    }
    let on_path = env.get("PATH").into_iter().flat_map(std::env::split_paths);
    let on_path = on_path.flat_map(|dir| NAMES.map(|name| dir.join(name)));
    on_path
        .chain(PLACES.map(PathBuf::from))
        .find(|path| is_program(path))
        .ok_or_else(missing)
}

fn missing() -> Error {
    Error::failed("there is no Chromium and no Chrome on this machine")
        .hint(way_to_install())
        .hint(format!("{VARIABLE}=/path/to/chrome   names one elsewhere"))
}

/// Of the package managers that there are, the command that installs one.
fn way_to_install() -> &'static str {
    let ways = [
        ("/usr/bin/apt-get", "sudo apt-get install chromium"),
        ("/usr/bin/dnf", "sudo dnf install chromium"),
        ("/usr/bin/pacman", "sudo pacman -S chromium"),
        ("/sbin/apk", "sudo apk add chromium"),
    ];
    ways.into_iter()
        .find(|(manager, _)| Path::new(manager).exists())
        .map_or("install Chromium or Google Chrome", |(_, way)| way)
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_is_named_must_be_there() {
        let env: Env = [(VARIABLE.to_owned(), "/no/such/chrome".to_owned())]
            .into_iter()
            .collect();
        let error = find(&env).unwrap_err();
        assert_eq!(
            error.to_string(),
            "URBANIA_BROWSER is `/no/such/chrome`: there is no such file"
        );
    }
}
