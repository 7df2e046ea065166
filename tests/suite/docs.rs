//! What the pages of docs/ show is taken by the program.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Folder;

const KEYS: &str = "keys: {APIone: aaaaaaaaaabbbbbbbbbbccccccccccdd}\n";

/// README.md and all pages.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/apps"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        pages.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    pages.sort();
    pages
}

/// The `yaml` blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    let blocks = page.split("```yaml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// Which file a block is of; it says so where it is not urbania.yaml.
fn file_of(block: &str) -> &str {
    let first = block.lines().next().unwrap_or_default();
    let named = first.strip_prefix("# ");
    let named = named.filter(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|e| e == "yaml" || e == "yml")
    });
    named.unwrap_or("urbania.yaml")
}

#[test]
fn every_block_of_yaml_is_one_that_the_program_takes() {
    let mut seen = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for block in blocks(&text) {
            let place = format!("{}:\n{block}", page.display());
            let folder = Folder::with(&[("livekit.yaml", KEYS), (file_of(block), block)]);
            let run = match file_of(block) {
                "urbania.yaml" | "livekit.yaml" => folder.run(&["config", "validate"]),
                "seed.yaml" => {
                    let sqlite = "services: {mongodb: {enabled: false}}\n";
                    folder.write("urbania.yaml", sqlite);
                    folder.run(&["seed", "seed.yaml"])
                }
                // Other programs' files.
                _ => continue,
            };
            assert_eq!(run.code, Some(0), "{place}\n{}", run.stderr);
            seen += 1;
        }
    }
    assert!(seen >= 8, "only {seen} blocks were found");
}

#[test]
fn every_link_between_pages_leads_to_a_file() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {target}", page.display());
        }
    }
}
