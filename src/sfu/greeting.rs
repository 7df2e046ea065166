//! What the SFU says of itself to whoever comes in.

use livekit_protocol as proto;
use proto::{ClientConfigSetting, ClientConfiguration, JoinResponse, ServerInfo, server_info};

use super::media::Topology;

/// What a client may do depends on it: this is the last LiveKit whose ways are all known here.
const VERSION: &str = "1.9.0";
/// The version of LiveKit's protocol.
const PROTOCOL: i32 = 16;
/// A client asks for a sign of life this often, and takes us for dead after that, in seconds.
const PING: (i32, i32) = (5, 15);

/// Adds it to what the room says.
pub fn complete(greeting: &mut JoinResponse, topology: Topology, region: &str) {
    let is_two = topology == Topology::Two;
    (greeting.ping_interval, greeting.ping_timeout) = PING;
    greeting.subscriber_primary = is_two;
    greeting.fast_publish = true;
    VERSION.clone_into(&mut greeting.server_version);
    region.clone_into(&mut greeting.server_region);
    greeting.server_info = Some(ServerInfo {
        edition: server_info::Edition::Standard.into(),
        version: VERSION.to_owned(),
        protocol: PROTOCOL,
        region: region.to_owned(),
        node_id: "ND_embedded".to_owned(),
        ..Default::default()
    });
    // A connection that broke is made anew: nothing is kept to go on with.
    greeting.client_configuration = Some(ClientConfiguration {
        resume_connection: ClientConfigSetting::Disabled.into(),
        ..Default::default()
    });
}
