//! A QR code in a terminal, black on white whatever the terminal's colours.

use std::fmt::Write as _;

use anstyle::{Ansi256Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::error::{Context as _, Result};

/// Colours of their own: a theme may have changed the sixteen usual ones.
const PAPER: Style = Style::new()
    .fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(16))))
    .bg_color(Some(anstyle::Color::Ansi256(Ansi256Color(231))));

/// Lines of half blocks with the quiet zone that cameras need.
pub fn qr(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L);
    let code = code.or_fail(|| "this address is too long for a QR code".into())?;
    let blocks = code.render::<Dense1x2>().quiet_zone(true).build();
    Ok(blocks.lines().fold(String::new(), |mut lines, line| {
        let _ = writeln!(lines, "{PAPER}{line}{PAPER:#}");
        lines
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_into_a_usual_terminal() {
        let link = "https://192.168.178.234:8443/meeting/invite?room=a-room-with-a-name\
                    #code=AAAAAAAAAAAAAAAAAAAAAA";
        let shown = anstream::adapter::strip_str(&qr(link).unwrap()).to_string();
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|width| width <= 60), "{shown}");
        assert!(shown.lines().count() <= 30, "{shown}");
        assert!(qr(&"x".repeat(5_000)).is_err());
    }
}
