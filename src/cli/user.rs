//! `urbania user`.

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::examples;
use super::password::PasswordArgs;
use crate::auth::password::Passwords;
use crate::config::Project;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::{Format, Table};
use crate::store::{self, Store, StoreError, User, new_id};

/// Manage local users
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a user
    #[command(after_help = examples::USER_ADD)]
    Add {
        /// What is typed at login
        name: String,
        /// What the user may do, in the apps' words; may be repeated
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List all users
    List,
    /// Give a user another password
    #[command(after_help = examples::USER_PASSWD)]
    Passwd {
        /// The user
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Remove a user
    #[command(after_help = examples::USER_RM)]
    Rm {
        /// The user
        name: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Runs the subcommand.
pub async fn run(ctx: &Context, args: Args) -> Result<()> {
    let store = store::of(&Project::load_to_serve(ctx)?)?;
    let store = store.as_ref();
    match args.command {
        Command::Add {
            name,
            roles,
            password,
        } => add(ctx, store, name, roles, password).await,
        Command::List => list(ctx, store).await,
        Command::Passwd { name, password } => passwd(ctx, store, name, password).await,
        Command::Rm { name, yes } => remove(ctx, store, name, yes).await,
    }
}

/// A user as scripts see them.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    username: &'a str,
    roles: &'a [String],
    created_at: String,
    /// Only when it was generated just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(user: &'a User) -> Self {
        Self {
            id: &user.id,
            username: &user.username,
            roles: &user.roles,
            created_at: format!("{:.3}", user.created_at),
            password: None,
        }
    }
}

async fn add(
    ctx: &Context,
    store: &dyn Store,
    username: String,
    roles: Vec<String>,
    password: PasswordArgs,
) -> Result<()> {
    check_name(&username)?;
    if let Some(role) = roles.iter().find(|role| !User::is_role(role)) {
        return Err(Error::usage(format!("`{role}` cannot be a role"))
            .hint("a role is one word; give --role again for each"));
    }
    // Before anybody is asked for a password.
    if store.user_by_name(&username).await.map_err(down)?.is_some() {
        return Err(taken(&username));
    }
    let password = password.ask(ctx)?;
    let now = ctx.clock.now();
    let user = User {
        id: new_id(now),
        username,
        roles,
        password_hash: Passwords::default().hash(password.text.clone()).await?,
        created_at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now),
    };
    store.add_user(&user).await.map_err(|e| match e {
        StoreError::Taken => taken(&user.username),
        e => down(e),
    })?;
    let shown = Shown {
        password: password.generated(),
        ..Shown::of(&user)
    };
    match ctx.out.format {
        Format::Json => ctx.out.json(&shown),
        Format::Table => {
            let User { username, id, .. } = &user;
            ctx.out
                .say(format_args!("added user `{username}`, id {id}"));
            password.reveal(ctx)
        }
    }
}

async fn list(ctx: &Context, store: &dyn Store) -> Result<()> {
    let users = store.users().await.map_err(down)?;
    match ctx.out.format {
        Format::Json => ctx
            .out
            .json(&users.iter().map(Shown::of).collect::<Vec<_>>()),
        Format::Table if users.is_empty() => {
            ctx.out
                .say("no users yet; `urbania user add NAME` adds one");
            Ok(())
        }
        Format::Table => {
            let mut table = Table::new(&["name", "roles", "id", "added"]);
            for user in &users {
                table.row([
                    user.username.clone(),
                    user.roles.join(", "),
                    user.id.clone(),
                    format!("{:.0}", user.created_at),
                ]);
            }
            ctx.out.line(table)
        }
    }
}

async fn passwd(
    ctx: &Context,
    store: &dyn Store,
    username: String,
    password: PasswordArgs,
) -> Result<()> {
    let user = store
        .user_by_name(&username)
        .await
        .map_err(down)?
        .ok_or_else(|| nobody(&username))?;
    let password = password.ask(ctx)?;
    let hash = Passwords::default().hash(password.text.clone()).await?;
    if !store.set_password(&username, &hash).await.map_err(down)? {
        return Err(nobody(&username));
    }
    let shown = Shown {
        password: password.generated(),
        ..Shown::of(&user)
    };
    match ctx.out.format {
        Format::Json => ctx.out.json(&shown),
        Format::Table => {
            ctx.out
                .say(format_args!("changed the password of `{username}`"));
            password.reveal(ctx)
        }
    }
}

async fn remove(ctx: &Context, store: &dyn Store, username: String, yes: bool) -> Result<()> {
    let user = store.user_by_name(&username).await.map_err(down)?;
    user.ok_or_else(|| nobody(&username))?;
    if !yes {
        match ctx.out.confirm(&format!("Remove user `{username}`?")) {
            Some(true) => {}
            Some(false) => return Err(Error::failed("nobody was removed")),
            None => {
                return Err(Error::usage(format!(
                    "removing `{username}` cannot be undone, and nobody is here to be asked"
                ))
                .hint("--yes removes without asking"));
            }
        }
    }
    if !store.remove_user(&username).await.map_err(down)? {
        return Err(nobody(&username));
    }
    ctx.out.say(format_args!("removed user `{username}`"));
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
    if User::is_name(name) {
        return Ok(());
    }
    Err(Error::usage(format!("`{name}` cannot be a user's name"))
        .hint("1 to 256 characters, no space at the ends"))
}

fn taken(name: &str) -> Error {
    Error::failed(format!("there is a user `{name}` already"))
        .hint(format!("urbania user passwd {name}   changes the password"))
}

fn nobody(name: &str) -> Error {
    Error::failed(format!("there is no user `{name}`")).hint("urbania user list")
}

fn down(e: StoreError) -> Error {
    let unavailable = matches!(e, StoreError::Unavailable(_));
    let error = Error::failed("cannot reach the users").because(e);
    if unavailable {
        error.hint("urbania up")
    } else {
        error
    }
}
