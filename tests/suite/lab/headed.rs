//! Windows that are shown.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::config::Folder;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::Kind;

use super::{call, finished};

/// A screen that nobody looks at; it ends with the value.
struct Screen(Child, String);

impl Screen {
    fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1280x800x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/setup installs Xvfb");
        let mut number = String::new();
        let said = BufReader::new(server.stdout.take().unwrap()).read_line(&mut number);
        said.unwrap();
        Self(server, format!(":{}", number.trim()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn windows_are_shown_where_there_is_a_screen_and_it_is_told_where_there_is_none() {
    let sfu = TestSfu::of(Kind::Embedded, None).await;
    let folder = Folder::with(&[]);
    let args = [
        "--headed",
        "--duration",
        "4s",
        "--url",
        &sfu.ws,
        "-o",
        "json",
    ];
    let output = call(&folder, &args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let why = "there is no display to show the browser's windows on";
    assert!(said.contains(why) && !said.contains("ERROR:"), "{said}");

    let screen = Screen::start();
    let mut shown = call(&folder, &args);
    shown.env("DISPLAY", &screen.1);
    let (run, _) = finished(shown).await;
    let _ = run.expect(0);
}
