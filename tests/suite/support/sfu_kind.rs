//! LiveKit and the embedded SFU: the same tests hold both.

use super::engine::{Engine, programs};
use super::store::StoreKind;

/// Which SFU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The real one, in a container.
    LiveKit,
    /// The real one, a process of this machine.
    Native,
    /// The one of this program.
    Embedded,
}

impl Kind {
    /// Whether it is the real one.
    pub fn is_livekit(self) -> bool {
        self != Self::Embedded
    }

    /// The engine that has it.
    pub fn engine(self) -> Engine {
        match self {
            Self::LiveKit => Engine::Docker,
            Self::Native => Engine::Native,
            Self::Embedded => Engine::Embedded,
        }
    }

    /// What starts it without a container, but for its config.
    pub fn program(self) -> Vec<String> {
        if self.is_livekit() {
            return vec![programs().join("livekit-server").display().to_string()];
        }
        [env!("CARGO_BIN_EXE_urbania"), "-v", "sfu"]
            .map(String::from)
            .to_vec()
    }

    /// The store that an API has beside it: so both stores are met without every test running once more.
    pub fn store(self) -> StoreKind {
        match self {
            Self::LiveKit => StoreKind::Mongodb,
            Self::Native | Self::Embedded => StoreKind::Sqlite,
        }
    }
}

/// Each test once with the SFU of each engine.
macro_rules! on_every_sfu {
    ($($(#[$attribute:meta])* $test:ident),* $(,)?) => {
        mod native {
            $($(#[$attribute])* #[tokio::test] async fn $test() {
                super::$test($crate::support::sfu_kind::Kind::Native).await;
            })*
        }
        $crate::support::sfu_kind::on_both_sfus!($($(#[$attribute])* $test),*);
    };
}
pub(crate) use on_every_sfu;

/// Each test once with LiveKit and once with the embedded SFU: clients cannot tell how LiveKit was started.
macro_rules! on_both_sfus {
    ($($(#[$attribute:meta])* $test:ident),* $(,)?) => {
        mod livekit {
            $($(#[$attribute])* #[tokio::test] async fn $test() {
                super::$test($crate::support::sfu_kind::Kind::LiveKit).await;
            })*
        }
        mod embedded {
            $($(#[$attribute])* #[tokio::test] async fn $test() {
                super::$test($crate::support::sfu_kind::Kind::Embedded).await;
            })*
        }
    };
}
pub(crate) use on_both_sfus;
