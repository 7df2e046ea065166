//! What holds for every command.

use crate::config::Folder;
use crate::support::project::TestProject;

const LIVEKIT: (&str, &str) = (
    "livekit.yaml",
    "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n",
);

#[test]
fn diagnostics_that_no_terminal_shows_have_no_colours() {
    let run = TestProject::initialised().run(&["-vv", "status"]);
    assert!(run.stderr.contains("engine at"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn no_color_beats_what_forces_colours_also_in_errors() {
    let folder = Folder::with(&[]);
    let env = [("CLICOLOR_FORCE", "1")];
    let coloured = folder.run_with(&env, &["config", "validate"]).expect(2);
    assert!(coloured.stderr.contains('\u{1b}'), "{}", coloured.stderr);
    let run = folder
        .run_with(&env, &["--no-color", "config", "validate"])
        .expect(2);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn the_api_listens_where_up_looks_for_it() {
    let env = [("URBANIA_LISTEN", "elsewhere")];
    let run = Folder::with(&[LIVEKIT]).run_with(&env, &["serve"]);
    assert!(!run.stderr.contains("elsewhere"), "{}", run.stderr);
}
