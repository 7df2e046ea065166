//! The engines that a test's project can run on.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What runs the services of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Containers.
    Docker,
    /// Programs of this machine, and no Docker.
    Native,
    /// What is built in, and neither Docker nor programs.
    Embedded,
}

/// Where no engine of containers is.
pub const NOWHERE: &str = "unix:///nowhere/docker.sock";

impl Engine {
    /// What `urbania` finds of it in its environment.
    pub fn variables(self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Docker => vec![("URBANIA_ENGINE", "docker".into())],
            Self::Native => vec![
                ("DOCKER_HOST", NOWHERE.into()),
                ("PATH", format!("{}:{SYSTEM}", programs().display()).into()),
            ],
            Self::Embedded => vec![("DOCKER_HOST", NOWHERE.into()), ("PATH", SYSTEM.into())],
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Native => "native",
            Self::Embedded => "embedded",
        }
    }
}

const SYSTEM: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// A folder with `livekit-server` and `ferretdb`, which scripts/engine builds.
pub fn programs() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = std::env::temp_dir().join("urbania-test-programs");
        fs::create_dir_all(&folder).unwrap();
        for (name, of) in [
            ("livekit-server", "livekit-server-1.13.5"),
            ("ferretdb", "ferretdb-1.24.2-"),
        ] {
            let link = folder.join(name);
            // Another test may have made it.
            let _ = symlink(built(of), &link);
            assert!(link.exists(), "{}", link.display());
        }
        folder
    });
    &FOLDER
}

/// The program in the cache whose name begins so.
fn built(name: &str) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "where scripts/engine builds")]
    let [cache, home] = ["XDG_CACHE_HOME", "HOME"].map(std::env::var_os);
    let cache = cache.map_or_else(|| Path::new(&home.unwrap()).join(".cache"), PathBuf::from);
    let folder = cache.join("urbania");
    let programs = fs::read_dir(&folder).unwrap().map_while(Result::ok);
    let mut found = programs.map(|entry| entry.path());
    found
        .find(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(name)
        })
        .unwrap_or_else(|| panic!("no {name}: scripts/engine builds it"))
}

/// Each test once on every engine.
macro_rules! on_every_engine {
    ($($test:ident),* $(,)?) => {
        mod docker {
            $(#[tokio::test] async fn $test() {
                super::$test($crate::support::engine::Engine::Docker).await;
            })*
        }
        mod native {
            $(#[tokio::test] async fn $test() {
                super::$test($crate::support::engine::Engine::Native).await;
            })*
        }
        mod embedded {
            $(#[tokio::test] async fn $test() {
                super::$test($crate::support::engine::Engine::Embedded).await;
            })*
        }
    };
}
pub(crate) use on_every_engine;
