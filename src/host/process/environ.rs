//! What other processes of this user have in their environment.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Larger environments are not read to their end.
const LONGEST: u64 = 256 * 1024;

/// A process and the values of the variables that were asked for.
#[derive(Debug)]
pub struct WithVariables<const N: usize> {
    /// Its process id.
    pub pid: u32,
    /// The values, in the order in which they were asked for.
    pub values: [SecretString; N],
}

/// The processes whose folder is one of `folders` or within, and that have all these variables.
/// Those of other users are invisible to all but root.
pub fn with_variables<const N: usize>(
    names: [&str; N],
    folders: &[PathBuf],
) -> Vec<WithVariables<N>> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let is_within = fs::read_link(process.path().join("cwd"))
            .is_ok_and(|cwd| folders.iter().any(|folder| cwd.starts_with(folder)));
        if let (true, Some(values)) = (is_within, values(&process.path(), names)) {
            found.push(WithVariables { pid, values });
        }
    }
    found.sort_by_key(|process| process.pid);
    found
}

fn values<const N: usize>(process: &Path, names: [&str; N]) -> Option<[SecretString; N]> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let file = fs::File::open(process.join("environ")).ok()?;
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let value = |name: &str| {
        let found = text.split('\0').find_map(|variable| {
            variable
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='))
        });
        found
            .filter(|value| !value.is_empty())
            .map(SecretString::from)
    };
    let found: Vec<SecretString> = names.into_iter().filter_map(value).collect();
    found.try_into().ok()
}
