//! The programs of the native engine: named in urbania.yaml, remembered, or found on PATH.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::{ProgramSettings, Programs};
use crate::context::Env;

const LIVEKIT: &str = "livekit-server";
const MONGOD: &str = "mongod";
const FERRETDB: &str = "ferretdb";

/// Where programs are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// What urbania.yaml names.
    pub settings: &'a ProgramSettings,
    /// The project's folder.
    pub dir: &'a Path,
    /// What the project ran before.
    pub remembered: Option<&'a Programs>,
    /// The environment, with PATH.
    pub env: &'a Env,
}

/// The programs that are needed, or what is missing.
pub fn find(places: &Places<'_>, needs_mongodb: bool) -> Result<Programs, String> {
    let Places {
        settings,
        remembered,
        ..
    } = places;
    let livekit = one(
        places,
        settings.livekit.as_deref(),
        remembered.and_then(|r| r.livekit.as_deref()),
        &[LIVEKIT],
    )?;
    let mongodb = if needs_mongodb {
        Some(one(
            places,
            settings.mongodb.as_deref(),
            remembered.and_then(|r| r.mongodb.as_deref()),
            &[MONGOD, FERRETDB],
        )?)
    } else {
        None
    };
    Ok(Programs {
        livekit: Some(livekit),
        mongodb,
    })
}

fn one(
    places: &Places<'_>,
    named: Option<&Path>,
    remembered: Option<&Path>,
    usual: &[&str],
) -> Result<PathBuf, String> {
    if let Some(named) = named {
        let path = places.dir.join(named);
        return if is_program(&path) {
            Ok(path)
        } else {
            Err(format!("`{}` is no program", path.display()))
        };
    }
    if let Some(path) = remembered.filter(|path| is_program(path)) {
        return Ok(path.to_path_buf());
    }
    let path = places.env.get("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .collect();
    usual
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| is_program(path))
        .ok_or_else(|| {
            let quoted: Vec<_> = usual.iter().map(|name| format!("`{name}`")).collect();
            format!("no {} on PATH", quoted.join(" or "))
        })
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn what_is_named_beats_what_is_remembered_and_that_beats_path() {
        let (bin, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let on_path = bin.path().to_str().unwrap().to_owned();
        let env: Env = [("PATH".to_owned(), format!("relative:{on_path}"))]
            .into_iter()
            .collect();
        let find = |settings: &ProgramSettings, remembered: Option<&Programs>, mongodb| {
            let places = Places {
                settings,
                dir: dir.path(),
                remembered,
                env: &env,
            };
            find(&places, mongodb)
        };
        let settings = ProgramSettings::default();
        let missing = find(&settings, None, false).unwrap_err();
        assert_eq!(missing, "no `livekit-server` on PATH");
        let livekit = program(bin.path(), LIVEKIT);
        let found = find(&settings, None, false).unwrap();
        assert_eq!((found.livekit, found.mongodb), (Some(livekit), None));
        let missing = find(&settings, None, true).unwrap_err();
        assert_eq!(missing, "no `mongod` or `ferretdb` on PATH");
        let ferretdb = program(bin.path(), FERRETDB);
        let found = find(&settings, None, true).unwrap();
        assert_eq!(found.mongodb.as_ref(), Some(&ferretdb));
        assert!(Programs::is_ferretdb(&ferretdb));
        let mongod = program(bin.path(), MONGOD);
        let found = find(&settings, None, true).unwrap();
        assert_eq!(found.mongodb.as_ref(), Some(&mongod));

        let before = Programs {
            livekit: Some(program(dir.path(), "before")),
            mongodb: Some(dir.path().join("gone")),
        };
        let found = find(&settings, Some(&before), true).unwrap();
        assert_eq!(found.livekit, before.livekit);
        assert!(!Programs::is_ferretdb(&mongod));
        assert_eq!(found.mongodb, Some(mongod));

        let settings = ProgramSettings {
            livekit: Some("own".into()),
            mongodb: None,
        };
        let missing = find(&settings, Some(&before), false).unwrap_err();
        let own = dir.path().join("own");
        assert_eq!(missing, format!("`{}` is no program", own.display()));
        program(dir.path(), "own");
        let found = find(&settings, Some(&before), false).unwrap();
        assert_eq!(found.livekit, Some(own));
    }
}
