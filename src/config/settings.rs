//! `urbania.yaml`: what to run and how. Everything has a default.

mod auth;
mod store;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

pub use auth::{AuthSettings, ClaimNames, FirebaseSettings, Hs256Settings, JwksSettings};
pub use store::{ChannelNames, ClubNames, StoreChoice, StoreSettings};

/// The settings of a project, `urbania.yaml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Settings {
    /// Name of the project; it names containers and volumes. Default: the folder's name.
    #[schemars(extend("format" = "project-name"))]
    pub name: Option<String>,
    /// What runs the SFU and MongoDB.
    pub engine: EngineChoice,
    /// How the SFU reaches the network.
    pub network: NetworkChoice,
    /// Images of the containers.
    pub images: Images,
    /// Programs of the native engine.
    pub programs: ProgramSettings,
    /// Services that can be left out.
    pub services: Services,
    /// The token API.
    pub api: ApiSettings,
    /// Users, rooms, channels, clubs.
    pub store: StoreSettings,
    /// Whom the API believes, besides its own users.
    pub auth: AuthSettings,
    /// Address of the SFU that browsers are told. Default: ws://localhost and the port of livekit.yaml.
    #[schemars(extend("format" = "websocket-url"))]
    pub livekit_url: Option<String>,
    /// Whether what urbania does not understand in livekit.yaml is passed on to LiveKit, with a warning.
    pub pass_unknown: bool,
    /// Env files of backends that must hold the same key pair, relative to the project's folder.
    pub backends: Vec<PathBuf>,
}

/// What runs the SFU and MongoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// Docker when it answers and has or can get the images, else native, else embedded.
    #[default]
    Auto,
    /// Containers of a Docker engine.
    Docker,
    /// Programs installed on this machine, as processes.
    Native,
    /// The development SFU built into urbania, as a process. MongoDB is not started.
    Embedded,
}

/// How the SFU reaches the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkChoice {
    /// The host's network on native Linux, published ports where the engine is a virtual machine.
    #[default]
    Auto,
    /// The host's network: no forwarding, the whole UDP range.
    Host,
    /// Published ports and one UDP port for all media.
    Published,
}

/// Images of the containers.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Images {
    /// The SFU.
    #[schemars(extend("format" = "image"))]
    pub livekit: String,
    /// The database.
    #[schemars(extend("format" = "image"))]
    pub mongodb: String,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            livekit: "livekit/livekit-server:v1.13.5".into(),
            mongodb: "mongo:8.0".into(),
        }
    }
}

/// Programs of the native engine; a path is relative to the project's folder.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ProgramSettings {
    /// LiveKit's server. Default: `livekit-server` on PATH.
    pub livekit: Option<PathBuf>,
    /// MongoDB's server. Default: `mongod`, else `ferretdb`, on PATH.
    pub mongodb: Option<PathBuf>,
}

/// Services that can be left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct Services {
    /// The database.
    pub mongodb: MongodbSettings,
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct MongodbSettings {
    /// Whether `urbania up` runs MongoDB. Without it all records live in .urbania/urbania.db.
    pub enabled: bool,
    /// Port on 127.0.0.1.
    #[schemars(range(min = 1))]
    pub port: u16,
}

impl Default for MongodbSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            port: 27017,
        }
    }
}

fn items_are_origins(schema: &mut Schema) {
    if let Some(items) = schema.get_mut("items") {
        items["format"] = "origin".into();
    }
}

/// The token API.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ApiSettings {
    /// Address and port that the API listens on.
    #[schemars(extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// Origins of web pages that may call the API.
    #[schemars(transform = items_are_origins)]
    pub cors_origins: Vec<String>,
    /// Lifetime of a LiveKit token in seconds, when the caller asks for none.
    #[schemars(range(min = 1))]
    pub token_ttl: u64,
    /// Longest lifetime that a caller can ask for, in seconds.
    #[schemars(range(min = 1))]
    pub max_token_ttl: u64,
    /// How often logins and tokens may be asked for.
    pub limits: ApiLimits,
    /// What clients of LiveKit's standard token endpoint may set.
    pub token_source: TokenSourceSettings,
    /// Whether anybody on this machine gets tokens without a login, as from LiveKit Cloud's sandbox. For
    /// development: `listen` must be a loopback address.
    pub dev: bool,
    /// Whether the web client is served: the pages at `/`.
    pub web: bool,
    /// What is done when somebody asks for a token to a room that they are in already.
    pub duplicate_identity: DuplicateIdentity,
    /// What Kraken's contract has of its own.
    pub kraken: KrakenSettings,
}

/// How often logins and tokens may be asked for; 0: no limit.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct ApiLimits {
    /// Logins from one address in a minute.
    pub logins_per_minute: u32,
    /// Failed logins of one user in a minute.
    pub failed_logins_per_minute: u32,
    /// Tokens for one caller in a minute.
    pub tokens_per_minute: u32,
    /// Requests for tokens from one address in a minute.
    pub tokens_per_minute_by_address: u32,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            logins_per_minute: 60,
            failed_logins_per_minute: 10,
            tokens_per_minute: 120,
            tokens_per_minute_by_address: 1_200,
        }
    }
}

/// What clients of LiveKit's standard token endpoint may set.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one switch a field")]
pub struct TokenSourceSettings {
    /// Whether clients may set the metadata of their participant.
    pub metadata: bool,
    /// Whether clients may set the attributes of their participant.
    pub attributes: bool,
    /// Whether clients may configure rooms that do not exist yet: timeouts, size, metadata.
    pub room_config: bool,
    /// Whether that may send agents into the room.
    pub agents: bool,
    /// Whether that may record the room.
    pub egress: bool,
}

impl Default for TokenSourceSettings {
    fn default() -> Self {
        Self {
            metadata: true,
            attributes: true,
            room_config: true,
            agents: false,
            egress: false,
        }
    }
}

/// What is done when somebody asks for a token to a room that they are in already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DuplicateIdentity {
    /// The token is given and the audit marks it. At the join, LiveKit puts the first one out.
    #[default]
    Warn,
    /// No token: 409.
    Refuse,
    /// The token is for IDENTITY~2, or the next free number: both stay.
    Suffix,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            cors_origins: vec![
                "http://localhost:3000".into(),
                "http://127.0.0.1:3000".into(),
            ],
            token_ttl: 6 * 60 * 60,
            max_token_ttl: 24 * 60 * 60,
            limits: ApiLimits::default(),
            token_source: TokenSourceSettings::default(),
            dev: false,
            web: true,
            duplicate_identity: DuplicateIdentity::default(),
            kraken: KrakenSettings::default(),
        }
    }
}

/// What Kraken's contract has of its own.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct KrakenSettings {
    /// Lifetime of its tokens in seconds, when the caller asks for none. LIVEKIT_DEFAULT_TOKEN_TTL beats it.
    #[schemars(range(min = 1))]
    pub token_ttl: u64,
    /// Whether callers are told that calls can be recorded: an egress service stands beside the SFU.
    pub recording: bool,
}

impl Default for KrakenSettings {
    fn default() -> Self {
        Self {
            token_ttl: 60 * 60,
            recording: false,
        }
    }
}
