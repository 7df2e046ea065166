//! The project as its files describe it.
//!
//! `urbania.yaml` ([`Settings`]) says what to run, `livekit.yaml` ([`LivekitConfig`]) is LiveKit's
//! own file, `.env` ([`EnvFile`]) is what the backend reads. [`Project`] is all three, read
//! strictly; [`lint()`] knows what LiveKit does about its file, release by release; [`effective()`]
//! adds what this machine needs to it.

mod backends;
mod check;
mod deployment;
mod effect;
mod effective;
mod engine;
mod env_file;
mod files;
mod key_lines;
mod lint;
mod livekit;
mod load;
mod mend;
mod move_ports;
mod problem;
mod project;
mod roles;
mod scaffold;
mod schema;
mod seed;
mod settings;
mod strict;
mod yaml;

pub use backends::{
    BackendFinding, Difference, KEY, SECRET, URLS, compare_backends, other_address, ways,
};
pub use effect::Effect;
pub use effective::{Addition, Effective, Machine, NetworkMode, PortUse, effective};
pub use engine::{EngineKind, Programs, RunsOn};
pub use env_file::{Assignment, EnvFile};
pub use files::{CopiedFile, NamedFile};
pub use key_lines::{KeyChange, change_keys};
pub use lint::{Lint, Linted, Target, Version, lint};
pub use livekit::{LivekitConfig, OwnPort, Room, Rtc, Turn, UdpPorts, Webhook};
pub use load::{lint_project, livekit_file, variable_of};
pub use mend::{Change, Mend, mend_backends, mend_pairs};
pub use move_ports::{FileChange, LeftAlone, PortMove, left_alone, move_ports};
pub use problem::{Problem, error_in};
pub use project::{ENV_FILE, LIVEKIT_FILE, Project, SETTINGS_FILE, STATE_DIR};
pub use roles::{Role, Roles, Stage};
pub use scaffold::{Action, Existing, Planned, Scaffold, livekit_yaml, scaffold};
pub use schema::{derived, livekit_schema, livekit_secrets, seed_schema, settings_schema};
pub use seed::{Seed, SeedChannel, SeedClub, SeedFile, SeedRole, SeedRoom, SeedUser};
pub use settings::{
    ApiLimits, ApiSettings, AuthSettings, ChannelNames, ClaimNames, ClubNames, DuplicateIdentity,
    EngineChoice, FirebaseSettings, Hs256Settings, Images, JwksSettings, KrakenSettings,
    MongodbSettings, NetworkChoice, ProgramSettings, Services, Settings, StoreChoice,
    StoreSettings, TokenSourceSettings,
};
pub use strict::{bounded_text, strictly};
pub use yaml::{Position, is_project_name};
