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

/// What was found of the programs that are needed.
#[derive(Debug, Default)]
pub struct Found {
    /// Each of them; one that is not there as it is remembered.
    pub programs: Programs,
    /// Why LiveKit's is not there.
    pub no_livekit: Option<String>,
    /// Why MongoDB's is not there.
    pub no_mongodb: Option<String>,
}

impl Found {
    /// Why one is not there.
    pub fn missing(&self) -> Option<&str> {
        self.no_livekit.as_deref().or(self.no_mongodb.as_deref())
    }
}

/// Looks for the programs.
pub fn find(places: &Places<'_>, needs_mongodb: bool) -> Found {
    let settings = places.settings;
    let before = places.remembered.cloned().unwrap_or_default();
    let find = |named: Option<&Path>, remembered: Option<PathBuf>, usual| match one(
        places,
        named,
        remembered.as_deref(),
        usual,
    ) {
        Ok(path) => (Some(path), None),
        Err(why) => (remembered, Some(why)),
    };
    let (livekit, no_livekit) = find(settings.livekit.as_deref(), before.livekit, &[LIVEKIT]);
    let (mongodb, no_mongodb) = if needs_mongodb {
        let usual = &[MONGOD, FERRETDB];
        find(settings.mongodb.as_deref(), before.mongodb, usual)
    } else {
        (None, None)
    };
    Found {
        programs: Programs { livekit, mongodb },
        no_livekit,
        no_mongodb,
    }
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
        let none = find(&settings, None, false);
        assert_eq!(none.missing(), Some("no `livekit-server` on PATH"));
        let livekit = program(bin.path(), LIVEKIT);
        let found = find(&settings, None, false);
        assert_eq!(found.missing(), None);
        let programs = &found.programs;
        assert_eq!(
            (&programs.livekit, &programs.mongodb),
            (&Some(livekit), &None)
        );
        let one = find(&settings, None, true);
        assert_eq!(one.missing(), Some("no `mongod` or `ferretdb` on PATH"));
        assert_eq!(one.programs.livekit, found.programs.livekit);
        let ferretdb = program(bin.path(), FERRETDB);
        let found = find(&settings, None, true).programs;
        assert_eq!(found.mongodb.as_ref(), Some(&ferretdb));
        assert!(Programs::is_ferretdb(&ferretdb));
        let mongod = program(bin.path(), MONGOD);
        let found = find(&settings, None, true).programs;
        assert_eq!(found.mongodb.as_ref(), Some(&mongod));

        let before = Programs {
            livekit: Some(program(dir.path(), "before")),
            mongodb: Some(dir.path().join("gone")),
        };
        let found = find(&settings, Some(&before), true).programs;
        assert_eq!(found.livekit, before.livekit);
        assert!(!Programs::is_ferretdb(&mongod));
        assert_eq!(found.mongodb, Some(mongod));

        let settings = ProgramSettings {
            livekit: Some("own".into()),
            mongodb: None,
        };
        let missing = find(&settings, Some(&before), false);
        let own = dir.path().join("own");
        let why = format!("`{}` is no program", own.display());
        assert_eq!(missing.missing(), Some(&*why));
        // What runs is compared with what it was started from.
        assert_eq!(missing.programs.livekit, before.livekit);
        program(dir.path(), "own");
        let found = find(&settings, Some(&before), false).programs;
        assert_eq!(found.livekit, Some(own));
    }
}
