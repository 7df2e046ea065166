//! What a picture in layers depends on. The codecs with layers within one stream (AV1, VP9) say so in an extension of
//! RTP, the dependency descriptor, and newer browsers cannot decode AV1 without it. It is passed on as it came.

use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

const URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// Longer ones are left out; three layers of each kind need less than this.
const LONGEST: usize = 128;
/// What is longer needs another form of the header.
const SHORT: usize = 16;

/// The extension, for both sides of a connection.
pub fn extension() -> Extension {
    Extension::with_serializer(URI, Dependencies)
}

#[derive(Debug)]
struct Dependencies;

/// As it came.
struct Descriptor(Box<[u8]>);

fn descriptor(values: &ExtensionValues) -> &[u8] {
    let found = values.user_values.get();
    found.map_or(&[], |Descriptor(bytes)| bytes)
}

impl ExtensionSerializer for Dependencies {
    fn write_to(&self, buffer: &mut [u8], values: &ExtensionValues) -> usize {
        let bytes = descriptor(values);
        let Some(place) = buffer.get_mut(..bytes.len()) else {
            return 0;
        };
        place.copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, bytes: &[u8], values: &mut ExtensionValues) -> bool {
        let fits = (1..=LONGEST).contains(&bytes.len());
        if fits {
            values.user_values.set(Descriptor(bytes.into()));
        }
        fits
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        descriptor(values).len() > SHORT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_on(bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut values = ExtensionValues::default();
        Dependencies.parse_value(bytes, &mut values);
        let mut buffer = [0; 255];
        let length = Dependencies.write_to(&mut buffer, &values);
        let is_long = Dependencies.requires_two_byte_form(&values);
        (buffer[..length].to_vec(), is_long)
    }

    #[test]
    fn it_is_passed_on_as_it_came_unless_it_is_too_long() {
        for (length, is_long) in [
            (1, false),
            (SHORT, false),
            (SHORT + 1, true),
            (LONGEST, true),
        ] {
            let bytes = vec![7; length];
            assert_eq!(passed_on(&bytes), (bytes, is_long));
        }
        for length in [0, LONGEST + 1, 255] {
            assert_eq!(passed_on(&vec![7; length]), (Vec::new(), false));
        }
    }

    #[test]
    fn where_there_is_no_room_nothing_is_written() {
        let mut values = ExtensionValues::default();
        Dependencies.parse_value(&[7; 9], &mut values);
        assert_eq!(Dependencies.write_to(&mut [0; 8], &values), 0);
    }
}
