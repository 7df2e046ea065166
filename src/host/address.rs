//! Where other machines, and browsers on this one, reach this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::Path;

/// Addresses that documentation reserves; routed like any other foreign address, owned by nobody.
const ABROAD_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const ABROAD_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// Networks inside this machine, by the beginning of their interfaces' names.
const INTERNAL: [&str; 10] = [
    "lo", "docker", "br-", "veth", "virbr", "podman", "cni", "lxc", "cali", "flannel",
];

/// The source address of the default route; without one, that of another network that is not
/// inside this machine; 127.0.0.1 when there is none. `rtc.node_ip` in livekit.yaml overrides it.
pub fn node_ip() -> IpAddr {
    source_for(ABROAD_V4.into())
        .or_else(|| source_for(ABROAD_V6.into()))
        .or_else(neighbour)
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// Whether this machine has the address.
pub fn is_here(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// Whether this machine has an IPv6 address that other machines may use.
pub fn has_ipv6() -> bool {
    let table = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    six(&table).any(|own| !own.is_inside())
}

/// An address of this machine that other machines may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The address.
    pub ip: IpAddr,
    /// Its interface, where that can be told.
    pub interface: Option<String>,
}

impl Own {
    /// Whether it is that of a network inside this machine.
    pub fn is_inside(&self) -> bool {
        self.interface.as_deref().is_some_and(is_internal)
    }
}

/// The addresses of this machine, without those of loopback and of single links.
pub fn own_addresses() -> Vec<Own> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let networks = read("/proc/net/route");
    let of_four = local_addresses(&read("/proc/net/fib_trie")).into_iter();
    let of_four = of_four.filter(|ip| !ip.is_loopback() && !ip.is_link_local());
    let of_four = of_four.map(|ip| Own {
        ip: ip.into(),
        interface: network_of(&networks, ip).map(str::to_owned),
    });
    of_four.chain(six(&read("/proc/net/if_inet6"))).collect()
}

/// `|-- 10.9.0.5` with `/32 host LOCAL` below it.
fn local_addresses(trie: &str) -> Vec<Ipv4Addr> {
    let (mut found, mut last) = (Vec::new(), None);
    for line in trie.lines().map(str::trim) {
        if let Some(ip) = line.strip_prefix("|-- ") {
            last = ip.parse().ok();
        } else if line.ends_with("/32 host LOCAL") {
            found.extend(last.filter(|ip| !found.contains(ip)));
        }
    }
    found
}

/// `fd00…02 04 40 00 82 eth0`: address, index, length, scope, flags, interface.
fn six(table: &str) -> impl Iterator<Item = Own> {
    const EVERYWHERE: &str = "00";
    table.lines().filter_map(|row| {
        let columns: Vec<&str> = row.split_ascii_whitespace().collect();
        let [ip, _, _, EVERYWHERE, _, interface] = columns[..] else {
            return None;
        };
        let ip = u128::from_str_radix(ip, 16).ok()?;
        Some(Own {
            ip: Ipv6Addr::from_bits(ip).into(),
            interface: Some(interface.to_owned()),
        })
    })
}

/// Whether this machine has an interface of this name.
pub fn has_interface(name: &str) -> bool {
    // The kernel is asked itself: /sys may be that of another network.
    let table = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let mut rows = table.lines().skip(2).filter_map(|row| row.split_once(':'));
    rows.any(|(interface, _)| interface.trim() == name)
}

/// The interface in whose network the address is, if that network is inside this machine, as a
/// container engine's bridge is.
pub fn internal_interface(ip: IpAddr) -> Option<String> {
    let IpAddr::V4(ip) = ip else {
        return None;
    };
    let table = std::fs::read_to_string("/proc/net/route").ok()?;
    let interface = network_of(&table, ip)?;
    is_internal(interface).then(|| interface.to_owned())
}

/// The interface that an address is reached by.
fn network_of(table: &str, ip: Ipv4Addr) -> Option<&str> {
    let found = routes_with_masks(table).filter(|(_, network, mask)| ip & *mask == *network);
    let (interface, ..) = found.max_by_key(|(_, _, mask)| mask.to_bits())?;
    Some(interface)
}

/// The same as [`routes`] with the mask of each network.
fn routes_with_masks(table: &str) -> impl Iterator<Item = (&str, Ipv4Addr, Ipv4Addr)> {
    let masks = table.lines().skip(1).map(|row| {
        let mask = row.split_ascii_whitespace().nth(7)?;
        let mask = u32::from_str_radix(mask, 16).ok()?;
        Some(Ipv4Addr::from(mask.to_ne_bytes()))
    });
    routes(table)
        .zip(masks)
        .filter_map(|((interface, network), mask)| Some((interface, network, mask?)))
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

/// Our address in the first network that other machines may be in.
fn neighbour() -> Option<IpAddr> {
    let table = std::fs::read_to_string("/proc/net/route").ok()?;
    routes(&table)
        .filter(|(interface, _)| !is_internal(interface))
        .find_map(|(_, network)| source_for(Ipv4Addr::from(u32::from(network) | 1).into()))
}

/// Interface and network of each row: `eth0 0009000A 00000000 …`.
fn routes(table: &str) -> impl Iterator<Item = (&str, Ipv4Addr)> {
    table.lines().skip(1).filter_map(|row| {
        let mut columns = row.split_ascii_whitespace();
        let (interface, network) = (columns.next()?, columns.next()?);
        let network = u32::from_str_radix(network, 16).ok()?;
        Some((interface, Ipv4Addr::from(network.to_ne_bytes())))
    })
}

fn is_internal(interface: &str) -> bool {
    INTERNAL.iter().any(|name| interface.starts_with(name))
        || Path::new("/sys/class/net")
            .join(interface)
            .join("bridge")
            .exists()
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

    #[test]
    fn addresses_of_links_and_of_bridges_inside_are_not_for_others() {
        for (row, expected) in [
            (
                "fd000000000000000000000000000002 04 40 00 82     eth0",
                true,
            ),
            (
                "fe8000000000000000fc00fffe000001 04 40 20 80     eth0",
                false,
            ),
            (
                "00000000000000000000000000000001 01 80 10 80       lo",
                false,
            ),
            (
                "fd000000000000000000000000000001 05 40 00 80  docker0",
                false,
            ),
            ("broken", false),
        ] {
            assert_eq!(six(row).any(|own| !own.is_inside()), expected, "{row}");
        }
    }

    #[test]
    fn own_addresses_are_those_that_the_kernel_calls_local() {
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.9.0.0\n        /24 link UNICAST\n     \
                    |-- 10.9.0.5\n        /32 host LOCAL\n     |-- 10.9.0.255\n        /32 link BROADCAST\n     \
                    |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 10.9.0.5\n        /32 host LOCAL\n";
        let found = local_addresses(trie);
        assert_eq!(found, [Ipv4Addr::new(10, 9, 0, 5), Ipv4Addr::LOCALHOST]);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn routes_are_read_with_their_networks() {
        let table = "Iface\tDestination\tGateway\tFlags\n\
                     docker0\t000011AC\t00000000\t0001\n\
                     eth0\t0009000A\t00000000\t0001\n\
                     broken\n";
        let found: Vec<_> = routes(table).collect();
        let [docker, eth] = ["172.17.0.0", "10.0.9.0"].map(|a| a.parse::<Ipv4Addr>().unwrap());
        assert_eq!(found, [("docker0", docker), ("eth0", eth)]);
        assert!(is_internal("docker0") && is_internal("br-0123456789ab"));
        assert!(!is_internal("eth0") && !is_internal("wlan0"));
    }
}
