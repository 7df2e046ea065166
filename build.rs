//! What the program has in it that npm makes: the web client, and LiveKit's JavaScript client for the pages of the call
//! lab. It is built without them as well; its commands say then what is missing.

#![allow(clippy::print_stdout, reason = "it is how a build script talks")]

use std::path::Path;
use std::{env, fs, io};

const LIVEKIT_CLIENT: &str = "node_modules/livekit-client/dist/livekit-client.umd.js";

#[expect(
    clippy::disallowed_methods,
    reason = "this is how cargo tells a build script where to write"
)]
fn main() -> io::Result<()> {
    // Another build of the web client is another program.
    watch("web/dist");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    let embedded = Path::new(&out).join("livekit-client.js");
    let folders = ["web", "tests/pages"];
    let installed = folders.map(|folder| format!("{folder}/{LIVEKIT_CLIENT}"));
    if let Some(client) = installed.iter().find(|path| Path::new(path).is_file()) {
        watch(client);
        return fs::copy(client, embedded).map(|_| ());
    }
    folders.into_iter().for_each(watch);
    fs::write(embedded, "")
}

/// Builds anew when it changes. A path that is not there would make cargo build anew every time.
fn watch(path: &str) {
    if Path::new(path).exists() {
        println!("cargo::rerun-if-changed={path}");
    }
}
