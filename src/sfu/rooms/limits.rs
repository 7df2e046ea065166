//! How much one participant may make everybody remember. LiveKit's limits where it has some.

use std::collections::HashMap;

/// Bytes of metadata.
pub const METADATA: usize = 512 * 1024;
/// Bytes of all attributes, names included.
pub const ATTRIBUTES: usize = 64 * 1024;
/// Bytes of a name.
pub const NAME: usize = 256;
/// Tracks of one participant.
pub const TRACKS: usize = 32;
/// Choices that one participant makes about others' tracks, or about who may have its own; of those in one request, too.
pub const CHOICES: usize = 1024;
/// Bytes of a message on data channels, as SDP tells clients. With what is added about the sender it is what clients take that
/// say nothing about it.
pub const MESSAGE: usize = 64_000;
/// Layers, codecs and names of one track.
pub const LAYERS: usize = 8;

/// Whether attributes are few enough.
pub fn attributes_fit(attributes: &HashMap<String, String>) -> bool {
    let size: usize = attributes.iter().map(|(k, v)| k.len() + v.len()).sum();
    size <= ATTRIBUTES
}
