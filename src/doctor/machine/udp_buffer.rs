//! The kernel's buffer for UDP that has not been read yet.

use std::net::{Ipv4Addr, UdpSocket};

use async_trait::async_trait;
use rustix::net::sockopt;

use crate::doctor::{About, Blind, Check, Finding, Group, Look, Mend, Site};

/// The check.
#[derive(Debug)]
pub struct UdpBuffer;

const ABOUT: About = About {
    code: "machine.udp-buffer",
    group: Group::Machine,
    title: "the kernel's receive buffer for UDP is small",
    looks_at: "How large a receive buffer the kernel gives to a UDP socket that asks for 16 MiB, as LiveKit does at its\n\
        start; `net.core.rmem_max` decides.",
    why: "Media of a whole room arrives in bursts. What does not fit is thrown away, and shows as freezes in large\n\
        rooms while the network is well. LiveKit warns below 5,000,000 bytes.",
    fix: "`sudo sysctl -w net.core.rmem_max=5000000`, and the same line in /etc/sysctl.d; `sudo urbania doctor --fix`\n\
        does both. The SFU must be started again afterwards.",
};

/// What LiveKit asks for.
const WANTED: usize = 16 << 20;
/// Below that it warns.
const ENOUGH: usize = 5_000_000;
const VARIABLE: &str = "net.core.rmem_max";
/// Rooms of this size get by with what kernels have.
const SMALL_ROOM: u32 = 10;

#[async_trait]
impl Check for UdpBuffer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let largest = site.project()?.livekit.room.max_participants;
        let given = given().ok_or_else(|| Blind::because("no UDP socket can be made"))?;
        Ok(judge(given, largest).into_iter().collect())
    }
}

fn given() -> Option<usize> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    // Given less than asked for is no error.
    sockopt::set_socket_recv_buffer_size(&socket, WANTED).ok()?;
    sockopt::socket_recv_buffer_size(&socket).ok()
}

fn judge(given: usize, largest_room: u32) -> Option<Finding> {
    if given >= ENOUGH {
        return None;
    }
    let message =
        format!("a UDP socket gets a receive buffer of {given} bytes; LiveKit asks for {ENOUGH}");
    let finding = if (1..=SMALL_ROOM).contains(&largest_room) {
        Finding::note(message)
    } else {
        Finding::warning(message)
    };
    Some(
        finding
            .fix(format!(
                "sudo sysctl -w {VARIABLE}={ENOUGH}, then `urbania restart livekit`"
            ))
            .mend(Mend::Sysctl {
                name: VARIABLE,
                value: ENOUGH.to_string(),
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_small_buffer_matters_in_large_rooms() {
        assert_eq!(judge(8_388_608, 0), None);
        assert_eq!(judge(425_984, 100).unwrap().verdict, Verdict::Warning);
        assert_eq!(judge(425_984, 0).unwrap().verdict, Verdict::Warning);
        assert_eq!(judge(425_984, 4).unwrap().verdict, Verdict::Note);
    }
}
