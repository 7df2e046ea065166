//! The kernel's socket tables through `NETLINK_SOCK_DIAG`.

use std::collections::BTreeSet;
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

/// Sockets that are bound and neither listen nor are connected; Linux has listed them since 6.8.
const BOUND_INACTIVE: u32 = 1 << 13;

/// The attribute of a request that holds a filter, and its instructions (`linux/inet_diag.h`).
const FILTER: u16 = 1;
const LOCAL_PORT_AT_LEAST: u8 = 2;
const LOCAL_PORT_AT_MOST: u8 = 3;

/// Asks once for each protocol and address family, over one netlink socket.
pub(super) fn listening() -> io::Result<Vec<Socket>> {
    // A bound UDP socket is "closed", one that is also connected is "established".
    let udp = StateFlags::CLOSE | StateFlags::ESTABLISHED;
    let asked = [(Protocol::Tcp, StateFlags::LISTEN), (Protocol::Udp, udp)];
    ask(&asked, &[])
}

/// The TCP sockets that do not listen, from the first of `ports` to the last.
pub(super) fn others(ports: &BTreeSet<u16>) -> io::Result<Vec<Socket>> {
    let (Some(first), Some(last)) = (ports.first(), ports.last()) else {
        return Ok(Vec::new());
    };
    let states = StateFlags::all().difference(StateFlags::LISTEN)
        | StateFlags::from_bits_retain(BOUND_INACTIVE);
    ask(&[(Protocol::Tcp, states)], &between(*first, *last))
}

fn ask(wanted: &[(Protocol, StateFlags)], filter: &[u8]) -> io::Result<Vec<Socket>> {
    let mut netlink = Netlink::new(NETLINK_SOCK_DIAG)?;
    netlink.bind_auto()?;
    netlink.connect(&NetlinkAddr::new(0, 0))?;
    let mut found = Vec::new();
    let mut buffer = Vec::with_capacity(BUFFER);
    for (protocol, states) in wanted {
        for family in [AF_INET, AF_INET6] {
            let mut request = request(*protocol, family, states.clone());
            append(&mut request, filter)?;
            netlink.send(&request, 0)?;
            dump(&netlink, *protocol, &mut buffer, &mut found)?;
        }
    }
    Ok(found)
}

/// The attribute that has the kernel leave out all other local ports. An instruction is its code, how many
/// bytes on the next one is, and how many if it does not hold: behind the end the socket is left out.
fn between(first: u16, last: u16) -> Vec<u8> {
    let mut filter = Vec::new();
    for (code, port, to_the_outside) in [
        (LOCAL_PORT_AT_LEAST, first, 20u16),
        (LOCAL_PORT_AT_MOST, last, 12),
    ] {
        filter.extend([code, 8]);
        filter.extend(to_the_outside.to_ne_bytes());
        filter.extend([0, 0]);
        filter.extend(port.to_ne_bytes());
    }
    let mut attribute = Vec::from(20u16.to_ne_bytes());
    attribute.extend(FILTER.to_ne_bytes());
    attribute.extend(filter);
    attribute
}

/// Puts an attribute behind a request, which begins with its own length.
fn append(request: &mut Vec<u8>, attribute: &[u8]) -> io::Result<()> {
    request.extend(attribute);
    let length = u32::try_from(request.len()).map_err(io::Error::other)?;
    if let Some(field) = request.get_mut(..4) {
        field.copy_from_slice(&length.to_ne_bytes());
    }
    Ok(())
}

fn request(protocol: Protocol, family: u8, states: StateFlags) -> Vec<u8> {
    let number = match protocol {
        Protocol::Tcp => IPPROTO_TCP,
        Protocol::Udp => IPPROTO_UDP,
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
