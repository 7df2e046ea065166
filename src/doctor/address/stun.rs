//! STUN servers that LiveKit needs at its start.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{join_all, select_ok};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::config::LivekitConfig;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Stun;

const ABOUT: About = About {
    code: "address.stun",
    group: Group::Address,
    title: "no STUN server answers, and LiveKit does not start without",
    looks_at: "With `rtc.use_external_ip`: whether one of `rtc.stun_servers`, or of the public servers that LiveKit asks\n\
        where none are named, answers a binding request from this machine, and with which address. Otherwise nothing is\n\
        sent to anybody.",
    why: "LiveKit asks them for its own public address at every start, and ends when none answers: on a train, behind a\n\
        firewall that drops UDP, in a network without a way out.",
    fix: "Take `rtc.use_external_ip` out: `urbania up` adds the address of this machine. On a server with a public\n\
        address, name it: `rtc: {node_ip: 203.0.113.5}`. Or name STUN servers of your own in `rtc.stun_servers`.",
};

/// Whom LiveKit asks where nobody is named.
const PUBLIC: [&str; 3] = [
    "global.stun.twilio.com:3478",
    "stun.l.google.com:19302",
    "stun1.l.google.com:19302",
];
const PATIENCE: Duration = Duration::from_millis(1_500);
/// More servers are not asked.
const MOST: usize = 5;

#[async_trait]
impl Check for Stun {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let livekit = &site.project()?.livekit;
        if !livekit.rtc.use_external_ip {
            return Ok(Vec::new());
        }
        let servers = servers(livekit);
        let first = select_ok(servers.iter().map(|server| Box::pin(ask(server)))).await;
        Ok(vec![match first {
            Ok((ip, _)) => Finding::ok(format!("STUN says that this machine is {ip}")),
            Err(()) => nobody(&servers).await,
        }])
    }
}

fn servers(livekit: &LivekitConfig) -> Vec<String> {
    let named = livekit.tree["rtc"]["stun_servers"].as_array();
    let named = named.into_iter().flatten().filter_map(|s| s.as_str());
    let named: Vec<String> = named.take(MOST).map(Into::into).collect();
    if named.is_empty() {
        PUBLIC.map(Into::into).to_vec()
    } else {
        named
    }
}

async fn nobody(servers: &[String]) -> Finding {
    let message =
        "no STUN server answers, and with rtc.use_external_ip LiveKit does not start then";
    let answers = join_all(servers.iter().map(|server| resolved(server))).await;
    let evidence = servers
        .iter()
        .zip(answers)
        .map(|(server, resolved)| match resolved {
            Some(_) => format!("{server}: no answer"),
            None => format!("{server}: no such host"),
        });
    evidence
        .fold(Finding::problem(message), Finding::evidence)
        .fix("livekit.yaml: rtc: {use_external_ip: false}, then `urbania up`")
}

async fn resolved(server: &str) -> Option<SocketAddr> {
    let found = timeout(PATIENCE / 5, tokio::net::lookup_host(server));
    found.await.ok()?.ok()?.next()
}

/// The address that a server sees us at.
async fn ask(server: &str) -> Result<IpAddr, ()> {
    let exchange = async {
        let to = tokio::net::lookup_host(server).await.ok()?.next()?;
        let from: IpAddr = if to.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let socket = UdpSocket::bind((from, 0)).await.ok()?;
        socket.connect(to).await.ok()?;
        let request = request(rand::random());
        socket.send(&request).await.ok()?;
        let mut answer = [0; 576];
        let length = socket.recv(&mut answer).await.ok()?;
        mapped(&request, answer.get(..length)?)
    };
    timeout(PATIENCE, exchange).await.ok().flatten().ok_or(())
}

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// A binding request without attributes.
fn request(transaction: [u8; 12]) -> [u8; 20] {
    let mut message = [0; 20];
    message[1] = 1;
    message[4..8].copy_from_slice(&COOKIE);
    message[8..].copy_from_slice(&transaction);
    message
}

/// XOR-MAPPED-ADDRESS of the answer to our request.
fn mapped(request: &[u8; 20], answer: &[u8]) -> Option<IpAddr> {
    if answer.get(..2)? != [1, 1] || answer.get(4..20)? != &request[4..] {
        return None;
    }
    let mut rest = answer.get(20..)?;
    while rest.len() >= 4 {
        let kind = u16::from_be_bytes([rest[0], rest[1]]);
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let value = rest.get(4..4 + length)?;
        if kind == 0x0020 {
            return address(value, request);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

fn address(value: &[u8], request: &[u8; 20]) -> Option<IpAddr> {
    let mut bytes = value.get(4..)?.to_vec();
    for (byte, mask) in bytes.iter_mut().zip(&request[4..]) {
        *byte ^= mask;
    }
    match value.get(1)? {
        1 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        2 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with software before the address, as servers send it.
    fn answer(request: &[u8; 20]) -> Vec<u8> {
        let mut message = vec![1, 1, 0, 20];
        message.extend(&request[4..]);
        message.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        message.extend([0, 0x20, 0, 8, 0, 1, 0x21 ^ 0x1f, 0x12 ^ 0x90]);
        // 192.0.2.7 under the cookie.
        message.extend([0xe1, 0x12, 0xa6, 0x45]);
        message
    }

    #[test]
    fn the_address_of_an_answer_is_read_and_others_are_not() {
        let request = request([7; 12]);
        let good = answer(&request);
        assert_eq!(mapped(&request, &good), Some("192.0.2.7".parse().unwrap()));
        let mut other = good.clone();
        other[9] ^= 1;
        assert_eq!(mapped(&request, &other), None);
        for length in 0..good.len() {
            assert_eq!(mapped(&request, &good[..length]), None);
        }
    }
}
