//! Another build of the web client is another program.

#![allow(clippy::print_stdout, reason = "it is how a build script talks")]

fn main() {
    println!("cargo:rerun-if-changed=web/dist");
}
