//! Examples under the help of each command. A test holds every line to the command line.

mod subcommands;

pub use subcommands::*;

/// `urbania` itself.
pub const CLI: &str = "\
Examples:
  urbania init shop                     the files of a new project
  urbania up                            start everything, wait until it is healthy
  urbania status                        what runs, and where
  urbania doctor                        what is wrong, and what to do
  urbania down                          stop everything; data stays";

/// `urbania init`.
pub const INIT: &str = "\
Examples:
  urbania init                          in the current folder
  urbania init shop --name shop         in a new folder";

/// `urbania up`.
pub const UP: &str = "\
Examples:
  urbania up                            everything
  urbania up mongodb livekit            without the token API
  urbania up --engine embedded          without Docker or LiveKit's server
  urbania up --dry-run                  say what would be done
  urbania up -f                         stay, show all logs, Ctrl-C stops all
  urbania up --wait-timeout 3m          on a slow machine
  urbania up --pass-unknown             with keys of a newer LiveKit in livekit.yaml";

/// `urbania down`.
pub const DOWN: &str = "\
Examples:
  urbania down                          stop everything; data stays
  urbania down api                      the token API alone; calls go on
  urbania down --volumes --yes          delete the data too
  urbania down --all                    every project on this machine";

/// `urbania restart`.
pub const RESTART: &str = "\
Examples:
  urbania restart api                   ends no call
  urbania restart livekit               ends every call";

/// `urbania status`.
pub const STATUS: &str = "\
Examples:
  urbania status                        exit code 3 when something is wrong
  urbania status -o json                for scripts
  urbania status -o env --reveal        what a backend needs
  urbania status --all                  every project on this machine";

/// `urbania logs`.
pub const LOGS: &str = "\
Examples:
  urbania logs -f livekit               as it is written
  urbania logs --since 5m               of all services
  urbania logs --tail 20 api            the last lines";

/// `urbania serve`.
pub const SERVE: &str = "\
Examples:
  urbania serve                         on the address of urbania.yaml
  urbania serve --listen 127.0.0.1:9000
  urbania serve --log-format json       for a log collector";

/// `urbania sfu`.
pub const SFU: &str = "\
Examples:
  urbania sfu --config livekit.yaml     for development alone; Ctrl-C ends it";

/// `urbania ports`.
pub const PORTS: &str = "\
Examples:
  urbania ports                         what the project needs; exit code 3 when taken
  urbania ports 7880 3478/udp           any port
  urbania ports 7880 --stop             end who holds it, after asking
  urbania ports --free                  move the project to free ports, after asking";

/// `urbania doctor`.
pub const DOCTOR: &str = "\
Examples:
  urbania doctor                        exit code 3 when a problem is found
  urbania doctor --only ports           the checks of one group
  urbania doctor --fix                  mend what can be mended, after asking
  urbania doctor --explain ports.held   what a check looks at, why, and what to do";

/// `urbania keys`.
pub const KEYS: &str = "\
Examples:
  urbania keys show                     fingerprints, and what each pair is for
  urbania keys check                    prove every pair against the running SFU
  urbania keys sync --dry-run           what would change in the env files
  urbania keys rotate                   move to the pair in reserve; it asks where calls would be cut";

/// `urbania token`.
pub const TOKEN: &str = "\
Examples:
  urbania token create --room daily --identity ada
  urbania token create --room daily --identity ada --ttl 10m --no-publish
  urbania token inspect -               explain the token on stdin";

/// `urbania room`.
pub const ROOM: &str = "\
Examples:
  urbania room list
  urbania room participants daily       who is there, and what they publish
  urbania room mute daily ada --track microphone
  urbania room update daily ada --publish off
  urbania room delete daily --yes       end it for everybody
  urbania room watch -o json            one object a line, until Ctrl-C
  urbania room list --url wss://sfu.example.org";

/// `urbania call`.
pub const CALL: &str = "\
Examples:
  urbania call                          two browsers; exit code 3 when one does not see the other
  urbania call group --participants 5 --html report.html
  urbania call webinar --duration 1m --junit report.xml
  urbania call reconnect -o json        the SFU restarts during the call
  urbania call town-hall.yaml           a scenario of your own
  urbania call --url wss://sfu.example.org
  urbania call --token-endpoint http://localhost:8000/api/connection-details";

/// `urbania open`.
pub const OPEN: &str = "\
Examples:
  urbania open --as ada --as bob daily  two windows in one meeting, each with its own profile
  urbania open --as ada --as bob daily --fake
  urbania open daily                    as the only user there is
  urbania open --as ada daily --dry-run
  urbania open --phone --as ada daily   a QR code for a phone on this network; Ctrl-C closes the door
  urbania open --phone --as ada --address 192.168.1.7 --port 9443 daily";

/// `urbania user`.
pub const USER: &str = "\
Examples:
  urbania user add ada                  asks for a password
  urbania user add ada --role host --password-stdin
  urbania user list";

/// `urbania seed`.
pub const SEED: &str = "\
Examples:
  urbania seed seed.yaml                store what is not there yet
  urbania seed seed.yaml --dry-run      what would be stored
  urbania config schema seed            what the file may hold";

/// `urbania config`.
pub const CONFIG: &str = "\
Examples:
  urbania config show                   what the SFU is started with, and why
  urbania config validate               exit code 2 names every problem
  urbania config validate --livekit-version 1.9
  urbania config schema urbania         for an editor";

/// `urbania completions`.
pub const COMPLETIONS: &str = "\
Examples:
  urbania completions bash";

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use crate::cli::{Cli, parse};

    /// Every command that is shown, with the words that lead to it.
    fn commands(command: &Command, path: &str) -> Vec<(String, Command)> {
        let shown = command.get_subcommands().filter(|c| !c.is_hide_set());
        let below = shown.flat_map(|c| commands(c, &format!("{path} {}", c.get_name())));
        std::iter::once((path.to_owned(), command.clone()))
            .chain(below)
            .collect()
    }

    #[test]
    fn every_command_that_takes_something_has_examples_of_itself_that_are_commands() {
        for (path, command) in commands(&Cli::command(), "urbania") {
            let examples = command.get_after_help().map(ToString::to_string);
            let takes = command.get_arguments().next().is_some() || command.has_subcommands();
            // Two spaces stand between a command and what it is for.
            let lines = examples.iter().flat_map(|text| text.lines().skip(1));
            let shown = lines.map(|line| line.trim_start().split("  ").next().unwrap());
            let shown: Vec<_> = shown.collect();
            let own = shown.iter().any(|example| example.starts_with(&path));
            assert!(own || !takes, "`{path}` shows {shown:?}");
            for example in shown {
                let parsed = parse(example.split(' ').map(Into::into));
                assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            }
        }
    }
}
