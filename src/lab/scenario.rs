//! What is tried: who takes part, what they send, and what happens meanwhile.

mod built_in;
mod file;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use built_in::{NAMES, built_in};
pub use file::{read, scenario_schema};

/// A call to try.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Scenario {
    /// What reports call it.
    #[schemars(extend("format" = "id"))]
    pub name: String,
    /// Seconds that the call is watched when all have joined.
    #[schemars(range(min = 1, max = 3600))]
    pub seconds: u32,
    /// Who takes part.
    pub roles: Vec<Role>,
    /// The pictures that are sent.
    pub picture: Picture,
    /// What happens during the call.
    pub events: Vec<Event>,
    /// What the SFU must refuse to everybody.
    pub refuses: Vec<Media>,
    /// Seconds that tokens let somebody in.
    #[schemars(range(min = 1, max = 86400))]
    pub token_ttl: u32,
}

impl Scenario {
    /// Whether pictures go on from the beginning to the end: nothing takes the SFU, a participant or its network away.
    pub fn goes_on(&self) -> bool {
        self.events.iter().all(|event| match event.what {
            What::RestartSfu | What::Leave | What::Join => false,
            What::Reconnect => true,
            What::Network => event.loss != Some(100),
        })
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            name: "own".into(),
            seconds: 10,
            roles: Vec::new(),
            picture: Picture::default(),
            events: Vec::new(),
            refuses: Vec::new(),
            token_ttl: 3600,
        }
    }
}

/// One participant, or several of a kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Role {
    /// Their name; with a number where they are several. Default: a first name for each.
    #[schemars(extend("format" = "id"))]
    pub name: Option<String>,
    /// How many.
    #[schemars(range(min = 1, max = 50))]
    pub count: u32,
    /// Whether those that `--participants` adds are of this kind.
    pub grows: bool,
    /// What they send, which all others are expected to see and hear.
    pub publishes: Vec<Media>,
    /// What their tokens allow them to send. Default: what they send.
    pub may_publish: Option<Vec<Media>>,
    /// Whether their tokens allow them to see and hear others.
    pub may_subscribe: bool,
    /// What they mute once it is sent: a fault that must be noticed.
    pub mutes: Vec<Media>,
    /// Whose tone they send instead of their own: a fault that must be noticed.
    pub tone_of: Option<String>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            name: None,
            count: 1,
            grows: false,
            publishes: Media::ALL.to_vec(),
            may_publish: None,
            may_subscribe: true,
            mutes: Vec::new(),
            tone_of: None,
        }
    }
}

/// What can be sent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Media {
    /// A picture.
    Camera,
    /// A sound.
    Microphone,
}

impl Media {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Camera, Self::Microphone];
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Camera => "camera",
            Self::Microphone => "microphone",
        })
    }
}

/// The pictures that are sent.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Picture {
    /// Their width.
    #[schemars(range(min = 160, max = 3840))]
    pub width: u32,
    /// Their height.
    #[schemars(range(min = 90, max = 2160))]
    pub height: u32,
    /// How many a second.
    #[schemars(range(min = 1, max = 60))]
    pub fps: u32,
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            width: 640,
            height: 360,
            fps: 20,
        }
    }
}

/// Something that happens during the call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Event {
    /// Seconds after all have joined.
    #[schemars(range(min = 0, max = 3600))]
    pub at: u32,
    /// What happens.
    pub what: What,
    /// To whom. Default: to everybody.
    pub who: Option<String>,
    /// Of `network`: packets of a hundred that are lost.
    #[schemars(range(min = 0, max = 100))]
    pub loss: Option<u32>,
    /// Of `network`: milliseconds that packets take longer.
    #[schemars(range(min = 0, max = 60_000))]
    pub latency: Option<u32>,
    /// Of `network`: kilobits a second that get through each way.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub kbps: Option<u32>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum What {
    /// The SFU of the project is stopped and started.
    RestartSfu,
    /// Somebody leaves.
    Leave,
    /// Somebody who has left comes back.
    Join,
    /// Somebody's signalling connection breaks.
    Reconnect,
    /// Somebody's network changes.
    Network,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.who.as_deref().unwrap_or("everybody");
        match self.what {
            What::RestartSfu => f.write_str("the SFU restarts"),
            What::Leave => write!(f, "{who} leaves"),
            What::Join => write!(f, "{who} comes back"),
            What::Reconnect => write!(f, "{who}'s signalling connection breaks"),
            What::Network => {
                write!(f, "{who}'s network:")?;
                let said = [
                    (self.loss, " % of packets are lost"),
                    (self.latency, " ms more"),
                    (self.kbps, " kbit/s"),
                ];
                let mut separator = " ";
                for (value, unit) in said {
                    if let Some(value) = value {
                        write!(f, "{separator}{value}{unit}")?;
                        separator = ", ";
                    }
                }
                Ok(())
            }
        }
    }
}
