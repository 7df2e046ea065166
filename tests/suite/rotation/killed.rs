//! A rotation that is killed before each of its steps in turn.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use urbania::context::Clock;

use crate::call::ANNA;
use crate::support::project::{Run, TestProject};
use crate::support::until::eventually;

use super::load::{Load, all_admit, none_admits};
use super::{let_tokens_be_over, running, sfu, status, value};

/// Runs `urbania` until it is about to make this system call for the `n`th time, where it is killed; `false`
/// when it came to its end before.
fn killed(project: &TestProject, call: &str, n: usize, args: &[&str]) -> bool {
    let whole = project.command(args);
    let inject = format!("inject={call}:signal=SIGKILL:when={n}");
    let mut command = Command::new("strace");
    command.args(["-f", "-q", "-o", "/dev/null", "-e"]);
    command.args([&format!("trace={call}"), "-e", &inject]);
    command.arg(whole.get_program()).args(whole.get_args());
    command.current_dir(project.dir()).env_clear();
    for (name, value) in whole.get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    let run = Run::of(args, &command.output().unwrap());
    // strace ends as what it ran did.
    assert!(matches!(run.code, None | Some(0)), "{run:?}");
    run.code.is_none()
}

/// Runs `urbania` until the engine reports this of a container of the project, where it is killed; `false` when it
/// came to its end before.
fn killed_when(project: &TestProject, report: &str, args: &[&str]) -> bool {
    let since = Clock::system().now();
    let label = format!("label=io.urbania.project={}", project.name);
    let since = format!("{}.{:09}", since.as_second(), since.subsec_nanosecond());
    let mut events = Command::new("docker")
        .args(["events", "--since", &since, "--filter", &label])
        .args(["--filter", "type=container", "--format", "{{.Action}}"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(events.stdout.take().unwrap()).lines();
    let (seen, wanted) = (Arc::new(AtomicBool::new(false)), report.to_owned());
    let tells = Arc::clone(&seen);
    let reader = thread::spawn(move || {
        let mut lines = lines.map_while(Result::ok);
        tells.store(lines.any(|line| line == wanted), Ordering::SeqCst);
    });
    let mut command = project.command(args);
    let mut running = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it is killed, or has ended", || {
        if seen.load(Ordering::SeqCst) {
            running.kill().unwrap();
        }
        running.try_wait().unwrap().is_some()
    });
    events.kill().unwrap();
    events.wait().unwrap();
    reader.join().unwrap();
    let ended = running.wait().unwrap();
    assert!(matches!(ended.code(), None | Some(0)), "{ended}");
    ended.code().is_none()
}

/// Every pair in every file, and the API, are those of livekit.yaml.
fn all_agree(project: &TestProject) {
    project.ok(&["keys", "check"]);
    let now = status(project);
    for file in [".env", "backend.env"] {
        let key = value(&project.read(file), "LIVEKIT_API_KEY");
        assert_eq!(now["in_use"]["key"], key, "{file}");
    }
    assert_eq!(now["apis"][0]["current"], true, "{now}");
    let left: Vec<_> = std::fs::read_dir(project.dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".tmp"))
        .collect();
    assert_eq!(left, [""; 0]);
}

/// The steps: a rename for each file, the signal to the API, and livekit.yaml once more.
const MOVES: [(&str, usize); 5] = [
    ("rename", 1),
    ("rename", 2),
    ("rename", 3),
    ("pidfd_send_signal", 1),
    ("rename", 4),
];
/// livekit.yaml, the signal, and some of the questions to the engine and to the SFU in between.
const RETIRES: [(&str, usize); 6] = [
    ("rename", 1),
    ("connect", 5),
    ("connect", 9),
    ("connect", 12),
    ("connect", 15),
    ("pidfd_send_signal", 1),
];
/// Both of these in one: the move, and at once livekit.yaml once more; then the restart of the SFU.
const AT_ONCE: [(&str, usize); 4] = [
    ("rename", 1),
    ("rename", 3),
    ("pidfd_send_signal", 1),
    ("rename", 5),
];
/// What the engine reports of that restart: the SFU is set aside, ends, and another one is made, started, and left
/// alone.
const OF_THE_ENGINE: [&str; 5] = ["rename", "die", "create", "start", "destroy"];

#[tokio::test]
async fn killed_before_any_step_it_goes_on_and_nobody_notices() {
    let project = running("");
    for (call, n) in MOVES {
        let before = sfu(&project);
        let load = Load::begin(&project, ANNA.0).await;
        load.until(20).await;
        assert!(killed(&project, call, n, &["keys", "rotate"]), "{call} {n}");
        load.until(load.answered() + 20).await;
        let began = status(&project)["stage"] != "ready";
        assert_eq!(began, (call, n) != MOVES[0]);
        let finish = ["keys", "rotate", "--finish"];
        project.ok(if began { &finish } else { &finish[..2] });
        load.until(load.answered() + 20).await;
        let handed_out = load.end().await;
        all_admit(&project, &handed_out).await;
        all_agree(&project);
        assert_eq!(status(&project)["stage"], "overlap");
        assert_eq!(sfu(&project), before, "no call is interrupted");
        let_tokens_be_over(&project);
        project.ok(&finish);
    }
    assert!(
        !killed(&project, "rename", 5, &["keys", "rotate"]),
        "no other step"
    );
}

#[tokio::test]
async fn killed_before_any_step_of_the_end_it_goes_on() {
    let project = running("");
    let mut kills = 0;
    for (call, n) in RETIRES {
        project.ok(&["keys", "rotate"]);
        let old = status(&project)["retiring"]["key"].clone();
        let_tokens_be_over(&project);
        kills += usize::from(killed(&project, call, n, &["keys", "rotate", "--finish"]));
        project.ok(&["keys", "rotate", "--finish"]);
        let now = status(&project);
        assert_eq!(
            (&now["stage"], &now["sfu"]["state"]),
            (&"ready".into(), &"knows".into()),
            "killed at {call} {n}: {now}"
        );
        assert!(!project.read("livekit.yaml").contains(old.as_str().unwrap()));
        all_agree(&project);
    }
    assert!(kills >= 4, "{kills}");
}

#[tokio::test]
async fn killed_before_any_step_of_now_the_old_pair_is_refused_in_the_end() {
    let project = running("");
    let now = ["keys", "rotate", "--now", "--yes"];
    let mut kills = 0;
    let calls = AT_ONCE.map(|(call, n)| (call, Some(n)));
    let reports = OF_THE_ENGINE.map(|report| (report, None));
    for (step, n) in calls.into_iter().chain(reports) {
        let old = status(&project)["in_use"]["key"].clone();
        let load = Load::begin(&project, ANNA.0).await;
        load.until(5).await;
        let olds = load.end().await;
        kills += usize::from(match n {
            Some(n) => killed(&project, step, n, &now),
            None => killed_when(&project, step, &now),
        });
        project.ok(&now);
        none_admits(&project, &olds).await;
        assert!(!project.read("livekit.yaml").contains(old.as_str().unwrap()));
        let after = status(&project);
        assert_eq!(
            (&after["stage"], &after["sfu"]["state"]),
            (&"ready".into(), &"knows".into()),
            "killed at {step} {n:?}: {after}"
        );
        all_agree(&project);
    }
    assert!(kills >= 8, "{kills}");
}

/// The steps where livekit.yaml has no reserve: it gets one, the SFU learns of it, and then those of a move.
const FROM_ONE_PAIR: [(&str, Option<usize>); 6] = [
    ("rename", Some(1)),
    ("die", None),
    ("start", None),
    ("rename", Some(3)),
    ("pidfd_send_signal", Some(1)),
    ("rename", Some(5)),
];

#[tokio::test]
async fn killed_before_any_step_from_one_pair_it_goes_on() {
    let project = running("");
    let rotate = ["keys", "rotate", "--yes"];
    let mut kills = 0;
    for (step, n) in FROM_ONE_PAIR {
        // As somebody else would have written it.
        let only = status(&project)["in_use"]["key"].clone();
        let only = only.as_str().unwrap().to_owned();
        let env = project.read(".env");
        let pair = format!("keys:\n  {only}: {}\n", value(&env, "LIVEKIT_API_SECRET"));
        project.edit("livekit.yaml", |text| with_keys(&text, &pair));
        project.ok(&["up"]);
        assert_eq!(status(&project)["stage"], "no-reserve");
        kills += usize::from(match n {
            Some(n) => killed(&project, step, n, &rotate),
            None => killed_when(&project, step, &rotate),
        });
        let went_on = status(&project)["stage"].clone();
        project.ok(if went_on == "moving" || went_on == "overlap" {
            &["keys", "rotate", "--finish"]
        } else {
            &rotate
        });
        let now = status(&project);
        assert_eq!(now["stage"], "overlap", "killed at {step} {n:?}: {now}");
        assert_eq!(now["retiring"]["key"], only.as_str());
        all_agree(&project);
        let_tokens_be_over(&project);
        project.ok(&["keys", "rotate", "--finish"]);
        assert_eq!(status(&project)["sfu"]["state"], "knows");
    }
    assert!(kills >= 5, "{kills}");
}

/// livekit.yaml with these keys.
fn with_keys(text: &str, keys: &str) -> String {
    let begin = text.find("keys:\n").unwrap();
    let rest = &text[begin + "keys:\n".len()..];
    let after: usize = rest
        .split_inclusive('\n')
        .take_while(|line| line.starts_with(' '))
        .map(str::len)
        .sum();
    format!("{}{keys}{}", &text[..begin], &rest[after..])
}
