//! Results go to stdout, talk goes to stderr; each stream decides about colour for itself.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::error::{Context as _, Result};

/// The shape of a command's result, `-o` on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For scripts; every shape is documented and stable.
    Json,
}

/// Where results and talk go, and how.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// `-o table|json`.
    pub format: Format,
    /// `--quiet`: no talk, only results and errors.
    pub quiet: bool,
    /// Colour by force or by what the stream is.
    pub color: ColorChoice,
}

/// Bold.
pub const BOLD: Style = Style::new().bold();
/// Something is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something needs a look.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// Something is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Less important.
pub const DIM: Style = Style::new().dimmed();

impl Output {
    /// Writes a line of result to stdout; a closed pipe is not an error.
    pub fn line(&self, line: impl Display) -> Result<()> {
        let mut out = anstream::AutoStream::new(io::stdout().lock(), self.color);
        match writeln!(out, "{line}") {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.or_fail(|| "cannot write to stdout".into()),
        }
    }

    /// Writes a value as JSON to stdout, indented.
    pub fn json(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string_pretty(value).or_fail(|| "cannot write JSON".into())?;
        self.line(text)
    }

    /// Says something to the person at the terminal (stderr), unless `--quiet`.
    pub fn say(&self, line: impl Display) {
        if !self.quiet {
            self.complain(line);
        }
    }

    /// Says something to the person at the terminal (stderr) even with `--quiet`.
    pub fn complain(&self, line: impl Display) {
        let mut err = anstream::AutoStream::new(io::stderr().lock(), self.color);
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(err, "{line}");
    }

    /// A question that only `y` or `yes` answers; `None` where nobody can answer.
    pub fn confirm(&self, question: &str) -> Option<bool> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let mut err = anstream::AutoStream::new(io::stderr().lock(), self.color);
        let _ = write!(err, "{question} [y/N] ");
        let _ = err.flush();
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// How many columns the terminal that results go to has; `None` where that is none.
    pub fn columns(&self) -> Option<usize> {
        let out = io::stdout();
        let size = rustix::termios::tcgetwinsize(&out).ok()?;
        (out.is_terminal() && size.ws_col > 0).then_some(size.ws_col.into())
    }

    /// Whether progress bars make sense: stderr is a terminal and the user wants talk.
    pub fn progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
}

/// Rows under a heading, in columns that line up whatever their colours and scripts.
#[derive(Debug)]
pub struct Table(Vec<Vec<String>>);

/// Spaces between two columns.
const GAP: usize = 2;
/// A column that is cut keeps as much.
const NARROWEST: usize = 16;

impl Table {
    /// An empty table.
    pub fn new(heading: &[&str]) -> Self {
        Self(vec![heading.iter().map(|h| h.to_uppercase()).collect()])
    }

    /// Adds a row.
    pub fn row<I: IntoIterator<Item = T>, T: Into<String>>(&mut self, cells: I) {
        self.0.push(cells.into_iter().map(Into::into).collect());
    }

    /// Cuts the cells of a column, to `NARROWEST` at most, so that no row is wider than `width`.
    pub fn fit(&mut self, column: usize, width: usize) {
        let widths = self.column_widths();
        let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let own = widths.get(column).copied().unwrap_or_default();
        let room = own
            .saturating_sub(whole.saturating_sub(width))
            .max(NARROWEST);
        for cell in self.0.iter_mut().filter_map(|row| row.get_mut(column)) {
            if shown_width(cell) > room {
                *cell = cut(cell, room);
            }
        }
    }

    fn column_widths(&self) -> Vec<usize> {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self
                .0
                .iter()
                .filter_map(|row: &Vec<String>| row.get(column));
            cells
                .map(|cell| shown_width(cell.as_str()))
                .max()
                .unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

/// How many columns of the terminal a text takes: colours take none, some characters take two.
fn shown_width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// The beginning of a plain text, in at most `room` columns.
fn cut(text: &str, room: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if shown_width(&shown) + c.width().unwrap_or(0) >= room {
            break;
        }
        shown.push(c);
    }
    shown + "…"
}

impl Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths = self.column_widths();
        for (i, row) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            let mut owed = 0;
            for (cell, width) in row.iter().zip(&widths) {
                let shown = shown_width(cell);
                if shown > 0 {
                    write!(f, "{:owed$}{cell}", "")?;
                    owed = 0;
                }
                owed += width - shown + GAP;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_colours_wide_characters_and_empty_cells() {
        let mut table = Table::new(&["name", "state", "where"]);
        table.row([format!("{GOOD}ok{GOOD:#}"), String::new(), "here".into()]);
        table.row(["会議室", "up", ""]);
        let plain = anstream::adapter::strip_str(&table.to_string()).to_string();
        assert_eq!(
            plain,
            "NAME    STATE  WHERE\nok             here\n会議室  up"
        );
    }

    #[test]
    fn a_column_is_cut_to_what_fits_and_no_further_than_what_is_of_use() {
        let shown = |width| {
            let mut table = Table::new(&["port", "holder", "pid"]);
            table.row(["7880", "python3 -m http.server 会議室会議室", "17"]);
            table.row(["7881", "-", "-"]);
            table.fit(1, width);
            table.to_string()
        };
        assert!(shown(46).contains("7880  python3 -m http.server 会議室会議室  17\n"));
        assert!(shown(44).contains("7880  python3 -m http.server 会議室会…  17\n"));
        let narrow = shown(20);
        assert!(
            narrow.contains("7880  python3 -m http…  17\n7881  -                 -"),
            "{narrow}"
        );
    }
}
