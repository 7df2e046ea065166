//! LiveKit and the embedded SFU: the same tests hold both.

use super::store::StoreKind;

/// Which SFU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The real one, in a container.
    LiveKit,
    /// The one of this program.
    Embedded,
}

impl Kind {
    /// The store that an API has beside it: so both stores are met without every test running four times.
    pub fn store(self) -> StoreKind {
        match self {
            Self::LiveKit => StoreKind::Mongodb,
            Self::Embedded => StoreKind::Sqlite,
        }
    }
}

/// Each test once with LiveKit and once with the embedded SFU.
macro_rules! on_every_sfu {
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
pub(crate) use on_every_sfu;
