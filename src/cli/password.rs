//! Where a new password comes from; never from the command line, which everybody can read.

use std::io::{self, BufRead, IsTerminal, Read};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use crate::context::Context;
use crate::error::{Context as _, Error, Result};

/// Longer passwords are refused.
const LONGEST: usize = 1024;

/// What generated passwords are made of: nothing that looks like something else.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Where the password comes from.
#[derive(Debug, clap::Args)]
pub struct PasswordArgs {
    /// Read the password from the first line of stdin
    ///
    /// Without it, a terminal is asked; where there is none, a password is generated and printed once.
    #[arg(long)]
    password_stdin: bool,
}

/// A new password.
#[derive(Debug)]
pub struct NewPassword {
    /// The password.
    pub text: SecretString,
    generated: bool,
}

impl PasswordArgs {
    /// Reads, asks for or makes a password.
    pub fn ask(&self, ctx: &Context) -> Result<NewPassword> {
        let typed = if self.password_stdin {
            Some(read_line()?)
        } else if io::stdin().is_terminal() {
            prompt(ctx)?
        } else {
            None
        };
        match typed {
            Some(text) if text.expose_secret().is_empty() => {
                Err(Error::usage("the password on stdin is empty"))
            }
            Some(text) => Ok(NewPassword {
                text,
                generated: false,
            }),
            None => Ok(NewPassword {
                text: generate(),
                generated: true,
            }),
        }
    }
}

impl NewPassword {
    /// The password, when nobody knows it yet.
    pub fn generated(&self) -> Option<&str> {
        self.generated.then(|| self.text.expose_secret())
    }

    /// Prints the password, when nobody knows it yet.
    pub fn reveal(&self, ctx: &Context) -> Result<()> {
        let Some(password) = self.generated() else {
            return Ok(());
        };
        ctx.out.say("its password, shown this once:");
        ctx.out.line(password)
    }
}

/// 20 letters of 5 bits each.
fn generate() -> SecretString {
    rand::random::<[u8; 20]>()
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .iter()
        .collect::<String>()
        .into()
}

/// Asks twice; nothing typed means that one shall be generated.
fn prompt(ctx: &Context) -> Result<Option<SecretString>> {
    let _silence = Silence::begin()?;
    ctx.out.complain("password (empty: generate one):");
    let first = read_line()?;
    if first.expose_secret().is_empty() {
        return Ok(None);
    }
    ctx.out.complain("again:");
    if read_line()?.expose_secret() != first.expose_secret() {
        return Err(Error::failed("the two passwords differ"));
    }
    Ok(Some(first))
}

fn read_line() -> Result<SecretString> {
    let mut line = String::with_capacity(LONGEST + 2);
    io::stdin()
        .lock()
        .take(LONGEST as u64 + 2)
        .read_line(&mut line)
        .or_fail(|| "cannot read the password from stdin".into())?;
    let text = line.trim_end_matches(['\r', '\n']);
    if text.len() > LONGEST {
        return Err(Error::usage(format!(
            "the password is longer than {LONGEST} bytes"
        )));
    }
    Ok(text.into())
}

/// The terminal without echo, as long as it lives.
struct Silence(Termios);

impl Silence {
    fn begin() -> Result<Self> {
        let failed = || "cannot silence the terminal".into();
        let before = tcgetattr(io::stdin()).or_fail(failed)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).or_fail(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_have_a_hundred_random_bits() {
        let (one, two) = (generate(), generate());
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(one.expose_secret().len(), 20);
        assert!(one.expose_secret().bytes().all(|b| LETTERS.contains(&b)));
    }
}
