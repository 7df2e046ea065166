//! A plot over time as SVG, drawn here: a report loads nothing.

use std::fmt::Write as _;

/// The size of a plot in its own units, and the room for the axes.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 8.0;
const RIGHT: f64 = 8.0;

/// Lines of the grid above the axis.
const STEPS: u32 = 4;

/// Several lines over the same time.
#[derive(Debug)]
pub struct Plot {
    /// The lines.
    pub lines: Vec<Line>,
    /// How long the time is.
    pub seconds: f64,
    /// When something happened.
    pub marks: Vec<f64>,
}

/// One line.
#[derive(Debug)]
pub struct Line {
    /// What it is of.
    pub name: String,
    /// Its colour.
    pub colour: &'static str,
    /// Seconds and values.
    pub points: Vec<(f64, f64)>,
}

/// The SVG.
pub fn plot(plot: &Plot) -> String {
    let values = plot.lines.iter().flat_map(|line| &line.points);
    let most = round_up(values.map(|(_, value)| *value).fold(0.0, f64::max));
    let seconds = plot.seconds.max(1.0);
    let x = |at: f64| LEFT + (WIDTH - LEFT - RIGHT) * (at / seconds).clamp(0.0, 1.0);
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value / most).clamp(0.0, 1.0);
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">");
    for step in 0..=STEPS {
        let value = most * f64::from(step) / f64::from(STEPS);
        let (y, end) = (y(value), WIDTH - RIGHT);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{end}\" y2=\"{y:.1}\"/>\
             <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 6.0,
            y + 3.5,
            number(value)
        );
        let at = seconds * f64::from(step) / f64::from(STEPS);
        let _ = write!(
            svg,
            "<text class=\"{}\" x=\"{:.1}\" y=\"{:.1}\">{} s</text>",
            if step == STEPS { "end" } else { "middle" },
            x(at),
            HEIGHT - 6.0,
            number(at)
        );
    }
    for at in &plot.marks {
        let x = x(*at);
        let bottom = HEIGHT - BOTTOM;
        let _ = write!(
            svg,
            "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>"
        );
    }
    for line in &plot.lines {
        let points = line
            .points
            .iter()
            .fold(String::new(), |mut all, (at, value)| {
                let _ = write!(all, "{:.1},{:.1} ", x(*at), y(*value));
                all
            });
        let name = escaped(&line.name);
        let _ = write!(
            svg,
            "<polyline points=\"{}\" stroke=\"{}\"><title>{name}</title></polyline>",
            points.trim_end(),
            line.colour
        );
    }
    svg.push_str("</svg>");
    svg
}

/// The end of an axis: 1, 2, 4 or 8 and zeros, so that quarters of it are short numbers.
fn round_up(most: f64) -> f64 {
    let mut end = 1.0;
    while end < most {
        let next = [2.0, 4.0, 8.0].map(|factor| end * factor);
        if let Some(fits) = next.into_iter().find(|next| *next >= most) {
            return fits;
        }
        end *= 10.0;
    }
    end
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}").trim_end_matches('0').to_owned()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_short_numbers_above_all_values() {
        let ends = [0.0, 0.7, 1.5, 3.0, 41.0, 80.0, 81.0, 1200.0].map(round_up);
        let expected = [1.0, 1.0, 2.0, 4.0, 80.0, 80.0, 100.0, 2000.0];
        assert_eq!(ends.map(number), expected.map(number));
        assert_eq!(number(0.25), "0.25");
        assert_eq!(number(0.5), "0.5");
    }

    #[test]
    fn a_line_goes_from_left_to_right_and_names_are_text() {
        let svg = plot(&Plot {
            lines: vec![Line {
                name: "a<b → c".into(),
                colour: "#123456",
                points: vec![(0.0, 0.0), (10.0, 4.0)],
            }],
            seconds: 10.0,
            marks: vec![5.0],
        });
        assert!(
            svg.contains("points=\"44.0,158.0 552.0,8.0\" stroke=\"#123456\""),
            "{svg}"
        );
        assert!(
            svg.contains("<title>a&lt;b → c</title>") && svg.contains("class=\"mark\""),
            "{svg}"
        );
    }
}
