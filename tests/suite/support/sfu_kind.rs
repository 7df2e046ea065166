//! LiveKit and the embedded SFU: the same tests hold both.

/// Which SFU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The real one, in a container.
    LiveKit,
    /// The one of this program.
    Embedded,
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
