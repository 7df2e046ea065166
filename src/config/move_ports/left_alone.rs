//! Files that name a port that moves, and that only their author understands.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::PortMove;

/// Where such files are, in the folder of a project.
const COMPOSE_FILES: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
];

/// A line of a file that names a port that moves, and that is for its author to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftAlone {
    /// The file as the project names it.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The port as it was.
    pub port: u16,
}

/// `docker-compose.yml:12: 8000 is named here too, and left alone`
impl fmt::Display for LeftAlone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, port } = self;
        write!(f, "{file}:{line}: names {port}, left alone")
    }
}

/// Where Compose files in the project's folder name a port that moves.
pub fn left_alone(dir: &Path, moves: &[PortMove]) -> Vec<LeftAlone> {
    let mut found = Vec::new();
    for file in COMPOSE_FILES {
        let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
        for (line, of_file) in text.lines().zip(1..) {
            let named = moves.iter().filter(|one| names(line, one.from));
            found.extend(named.map(|one| LeftAlone {
                file: file.to_owned(),
                line: of_file,
                port: one.from,
            }));
        }
    }
    found
}

/// Whether a line has the number, outside a comment.
fn names(line: &str, port: u16) -> bool {
    let said = line.split(" #").next().unwrap_or_default();
    let is_comment = said.trim_start().starts_with('#');
    let mut numbers = said.split(|c: char| !c.is_alphanumeric() && c != '.');
    !is_comment && numbers.any(|number| number == port.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compose_file_names_a_port_and_not_a_part_of_a_number() {
        for (line, expected) in [
            ("      - \"7880:7880\"", true),
            ("  URL: ws://host.docker.internal:7880/rtc", true),
            ("      - 127.0.0.1:17880:80", false),
            ("      - 78800:80", false),
            ("    image: livekit/livekit-server:v1.7880.1", false),
            ("# was 7880", false),
            ("  - 80:80 # not 7880", false),
        ] {
            assert_eq!(names(line, 7880), expected, "{line}");
        }
    }
}
