//! The kernel's socket tables through `NETLINK_SOCK_DIAG`.

use std::io;
use std::net::SocketAddr;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags,
};
use netlink_sys::{Socket as Netlink, SocketAddr as NetlinkAddr, protocols::NETLINK_SOCK_DIAG};

use super::{Protocol, Socket};

/// The kernel fills at most 32 KiB at once.
const BUFFER: usize = 64 * 1024;

/// Asks once for each protocol and address family, over one netlink socket.
pub(super) fn listening() -> io::Result<Vec<Socket>> {
    let mut netlink = Netlink::new(NETLINK_SOCK_DIAG)?;
    netlink.bind_auto()?;
    netlink.connect(&NetlinkAddr::new(0, 0))?;
    let mut found = Vec::new();
    let mut buffer = Vec::with_capacity(BUFFER);
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        for family in [AF_INET, AF_INET6] {
            netlink.send(&request(protocol, family), 0)?;
            dump(&netlink, protocol, &mut buffer, &mut found)?;
        }
    }
    Ok(found)
}

fn request(protocol: Protocol, family: u8) -> Vec<u8> {
    let (number, states) = match protocol {
        Protocol::Tcp => (IPPROTO_TCP, StateFlags::LISTEN),
        // A bound UDP socket is "closed", one that is also connected is "established".
        Protocol::Udp => (IPPROTO_UDP, StateFlags::CLOSE | StateFlags::ESTABLISHED),
    };
    let socket_id = if family == AF_INET {
        SocketId::new_v4()
    } else {
        SocketId::new_v6()
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let query = SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: number,
        extensions: ExtensionFlags::empty(),
        states,
        socket_id,
    });
    let mut message = NetlinkMessage::new(header, query.into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Reads the answer to one request up to its end mark.
fn dump(
    netlink: &Netlink,
    protocol: Protocol,
    buffer: &mut Vec<u8>,
    found: &mut Vec<Socket>,
) -> io::Result<()> {
    loop {
        buffer.clear();
        netlink.recv(buffer, 0)?;
        let mut rest = buffer.as_slice();
        while !rest.is_empty() {
            let message =
                NetlinkMessage::<SockDiagMessage>::deserialize(rest).map_err(io::Error::other)?;
            match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(answer)) => {
                    found.push(socket(protocol, &answer));
                }
                NetlinkPayload::Done(_) => return Ok(()),
                NetlinkPayload::Error(e) => return Err(e.to_io()),
                _ => {}
            }
            let length = usize::try_from(message.header.length).map_err(io::Error::other)?;
            // Messages start at multiples of four bytes.
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

fn socket(protocol: Protocol, answer: &InetResponse) -> Socket {
    let id = &answer.header.socket_id;
    Socket {
        protocol,
        local: SocketAddr::new(id.source_address, id.source_port),
        only_v6: answer.nlas.iter().find_map(only_v6),
        inode: answer.header.inode,
        uid: answer.header.uid,
    }
}

fn only_v6(attribute: &Nla) -> Option<bool> {
    match attribute {
        Nla::SkV6Only(only) => Some(*only),
        _ => None,
    }
}
