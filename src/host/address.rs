//! Where other machines, and browsers on this one, reach this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Addresses that documentation reserves; routed like any other foreign address, owned by nobody.
const ABROAD_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const ABROAD_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// The source address of the default route; without one, that of another network that is not a
/// bridge of a container engine; 127.0.0.1 when there is none.
pub fn node_ip() -> IpAddr {
    source_for(ABROAD_V4.into())
        .or_else(|| source_for(ABROAD_V6.into()))
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// The address that the kernel would send from. Connecting a UDP socket sends nothing.
fn source_for(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    let from = socket.local_addr().ok()?.ip();
    (!from.is_loopback() && !from.is_unspecified()).then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_can_be_bound_here() {
        let ip = node_ip();
        assert!(!ip.is_unspecified());
        UdpSocket::bind((ip, 0)).unwrap();
    }
}
