//! How far the call is: one line that changes on a terminal, a line for each step elsewhere.

use std::fmt::Display;

use indicatif::{ProgressBar, ProgressStyle};

use super::record::Now;
use crate::output::Output;

/// Says what happens.
#[derive(Debug)]
pub struct Progress {
    out: Output,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins.
    pub fn begin(out: Output) -> Self {
        let bar = out
            .progress()
            .then(|| ProgressBar::new(1).with_style(style()));
        Self { out, bar }
    }

    /// Something was done.
    pub fn say(&self, line: impl Display) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.out.say(line)),
            None => self.out.say(line),
        }
    }

    /// Something is being done.
    pub fn doing(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// The call is watched: so many half seconds of so many.
    pub fn watching(&self, tick: u64, ticks: u64, now: Now) {
        let Some(bar) = &self.bar else { return };
        bar.set_length(ticks);
        bar.set_position(tick);
        let late = now
            .latency_ms
            .map_or_else(String::new, |ms| format!(", {ms:.0} ms late"));
        let Now {
            moving, sounding, ..
        } = now;
        bar.set_message(format!(
            "{moving} pictures move{late}, {sounding} tones sound"
        ));
    }

    /// The call is over.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {bar:24} {elapsed}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}
