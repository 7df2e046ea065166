//! The command line: one command a file, each with its `Args` and its `run`.
//!
//! clap stops here: what a command needs is handed on as plain values.

#![allow(clippy::unused_async, reason = "every command has one signature")]

mod become_program;
mod call;
mod completions;
mod config;
mod doctor;
mod down;
mod duration;
mod examples;
mod init;
mod keys;
mod logs;
mod open;
mod password;
mod ports;
mod restart;
mod room;
mod seed;
mod serve;
mod sfu;
mod status;
mod token;
mod up;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::context::{Clock, Context, Env};
use crate::error::{Context as _, Error, Result};
use crate::logging::Shape;
use crate::output::{Format, Output};

/// Runs, checks and proves a self-hosted LiveKit.
#[derive(Debug, Parser)]
#[command(name = "urbania", version, after_help = examples::CLI)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command understands.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Common options")]
struct Global {
    /// Folder of the project [default: the nearest folder upward with urbania.yaml or livekit.yaml]
    #[arg(long, global = true, value_name = "DIR", env = "URBANIA_PROJECT")]
    project: Option<PathBuf>,
    /// Shape of the result; `status` alone has `env`, the lines of an env file
    #[arg(short, long, global = true, value_enum, default_value_t = FormatArg::Table)]
    output: FormatArg,
    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more (-v: what is done, -vv: how)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// No colours [also: NO_COLOR]
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    Table,
    Json,
    Env,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(after_help = examples::INIT)]
    Init(init::Args),
    #[command(after_help = examples::UP)]
    Up(up::Args),
    #[command(after_help = examples::DOWN)]
    Down(down::Args),
    #[command(after_help = examples::RESTART)]
    Restart(restart::Args),
    #[command(after_help = examples::STATUS)]
    Status(status::Args),
    #[command(after_help = examples::LOGS)]
    Logs(logs::Args),
    #[command(after_help = examples::SERVE)]
    Serve(serve::Args),
    #[command(after_help = examples::PORTS)]
    Ports(ports::Args),
    #[command(after_help = examples::DOCTOR)]
    Doctor(doctor::Args),
    #[command(after_help = examples::KEYS)]
    Keys(keys::Args),
    #[command(after_help = examples::TOKEN)]
    Token(token::Args),
    #[command(after_help = examples::ROOM)]
    Room(room::Args),
    #[command(after_help = examples::CALL)]
    Call(call::Args),
    #[command(after_help = examples::OPEN)]
    Open(open::Args),
    #[command(after_help = examples::USER)]
    User(user::Args),
    #[command(after_help = examples::SEED)]
    Seed(seed::Args),
    #[command(after_help = examples::CONFIG)]
    Config(config::Args),
    #[command(after_help = examples::COMPLETIONS)]
    Completions(completions::Args),
    #[command(hide = true, after_help = examples::SFU)]
    Sfu(sfu::Args),
    #[command(hide = true)]
    BecomeProgram(become_program::Args),
}

/// Parses the command line.
///
/// The error is clap's own, which is also how `--help` and `--version` answer.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> std::result::Result<Cli, clap::Error> {
    Cli::try_parse_from(args)
}

impl Cli {
    /// What the command is given instead of globals.
    fn context(&self) -> Result<Context> {
        let cwd = std::env::current_dir().or_fail(|| "cannot tell the current folder".into())?;
        Ok(Context {
            project: self.global.project.clone(),
            cwd,
            env: Env::of_process(),
            clock: Clock::system(),
            out: Output {
                format: match self.global.output {
                    FormatArg::Table | FormatArg::Env => Format::Table,
                    FormatArg::Json => Format::Json,
                },
                quiet: self.global.quiet,
                color: self.color(),
            },
        })
    }

    /// Colours by force or by what each stream is.
    pub fn color(&self) -> anstream::ColorChoice {
        if self.global.no_color {
            anstream::ColorChoice::Never
        } else {
            anstream::ColorChoice::Auto
        }
    }

    /// `-v` counted. The log of the SFU is what it is run for.
    pub fn verbosity(&self) -> u8 {
        let is_log = matches!(self.command, Command::Sfu(_)) && !self.global.quiet;
        self.global.verbose + u8::from(is_log)
    }

    /// What diagnostics look like.
    pub fn log_shape(&self) -> Shape {
        match &self.command {
            Command::Serve(args) if args.json_log() => Shape::Json,
            Command::Sfu(_) => Shape::Log,
            _ => Shape::Talk,
        }
    }

    /// Runs the command.
    pub async fn run(self) -> Result<()> {
        let ctx = self.context()?;
        let env = self.global.output == FormatArg::Env;
        if env && !matches!(self.command, Command::Status(_)) {
            return Err(Error::usage("only `urbania status` has the output `env`"));
        }
        match self.command {
            Command::Init(args) => init::run(&ctx, args).await,
            Command::Up(args) => up::run(&ctx, args).await,
            Command::Down(args) => down::run(&ctx, args).await,
            Command::Restart(args) => restart::run(&ctx, args).await,
            Command::Status(args) => status::run(&ctx, args, env).await,
            Command::Logs(args) => logs::run(&ctx, args).await,
            Command::Serve(args) => serve::run(&ctx, args).await,
            Command::Ports(args) => ports::run(&ctx, args).await,
            Command::Doctor(args) => doctor::run(&ctx, args).await,
            Command::Keys(args) => keys::run(&ctx, args).await,
            Command::Token(args) => token::run(&ctx, args).await,
            Command::Room(args) => room::run(&ctx, args).await,
            Command::Call(args) => call::run(&ctx, args).await,
            Command::Open(args) => open::run(&ctx, args).await,
            Command::User(args) => user::run(&ctx, args).await,
            Command::Seed(args) => seed::run(&ctx, args).await,
            Command::Config(args) => config::run(&ctx, args).await,
            Command::Completions(args) => completions::run(&ctx, args).await,
            Command::Sfu(args) => sfu::run(&ctx, args).await,
            Command::BecomeProgram(args) => become_program::run(&ctx, args).await,
        }
    }
}
