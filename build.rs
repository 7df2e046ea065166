//! Puts LiveKit's JavaScript client into the program, for the pages of the call lab, where npm has installed it. The
//! program is complete without: `urbania call` then says what is missing.

use std::path::Path;
use std::{env, fs, io};

const INSTALLED: &str = "node_modules/livekit-client/dist/livekit-client.umd.js";

/// Folders whose packages.json names the client.
const FOLDERS: [&str; 2] = ["web", "tests/pages"];

#[expect(
    clippy::disallowed_methods,
    reason = "this is how cargo tells a build script where to write"
)]
fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    let embedded = Path::new(&out).join("livekit-client.js");
    let installed = FOLDERS.map(|folder| Path::new(folder).join(INSTALLED));
    if let Some(client) = installed.iter().find(|path| path.is_file()) {
        println!("cargo::rerun-if-changed={}", client.display());
        fs::copy(client, embedded)?;
        return Ok(());
    }
    // Only what is there: a path that is missing makes cargo build anew every time.
    for folder in FOLDERS.iter().filter(|folder| Path::new(folder).exists()) {
        println!("cargo::rerun-if-changed={folder}");
    }
    fs::write(embedded, "")
}
