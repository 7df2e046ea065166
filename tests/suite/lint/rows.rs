//! The files of `rows.txt`.

use super::Row;

pub fn rows() -> Vec<Row> {
    let lines = include_str!("rows.txt").lines();
    lines.filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let (says, yaml) = line.split_once(' ')?;
    let says = match says {
        "#" => return None,
        "-" => "",
        says => says,
    };
    Some(Row {
        says: says.to_owned(),
        yaml: yaml.trim_start().replace("\\n", "\n").replace("\\t", "\t"),
    })
}
