//! STUN servers that LiveKit needs at its start.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{join_all, select_ok};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn_client_proto::stun::types::attribute::XorMappedAddress;
use turn_client_proto::stun::types::message::{BINDING, Message, MessageWriteVec};
use turn_client_proto::stun::types::prelude::MessageWrite as _;

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
        site.runs_livekit()?;
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
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        socket.send(&request).await.ok()?;
        let mut answer = [0; 576];
        let length = socket.recv(&mut answer).await.ok()?;
        mapped(&request, answer.get(..length)?)
    };
    timeout(PATIENCE, exchange).await.ok().flatten().ok_or(())
}

/// The address in the answer to our request.
fn mapped(request: &[u8], answer: &[u8]) -> Option<IpAddr> {
    let request = Message::from_bytes(request).ok()?.transaction_id();
    let answer = Message::from_bytes(answer).ok()?;
    if !answer.is_response() || answer.transaction_id() != request {
        return None;
    }
    let mapped = answer.attribute::<XorMappedAddress>().ok()?;
    Some(mapped.addr(request).ip())
}

#[cfg(test)]
mod tests {
    use turn_client_proto::stun::types::attribute::Software;
    use turn_client_proto::stun::types::prelude::MessageWriteExt as _;

    use super::*;

    #[test]
    fn the_address_of_an_answer_is_read_and_others_are_not() {
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let asked = Message::from_bytes(&request).unwrap();
        // With software before the address, as servers send it.
        let mut answer = Message::builder_success(&asked, MessageWriteVec::new());
        let software = Software::new("abc").unwrap();
        let at = "192.0.2.7:8080".parse().unwrap();
        let address = XorMappedAddress::new(at, asked.transaction_id());
        answer.add_attribute(&software).unwrap();
        answer.add_attribute(&address).unwrap();
        let good = answer.finish();
        assert_eq!(mapped(&request, &good), Some(at.ip()));
        let mut other = good.clone();
        other[9] ^= 1;
        assert_eq!(mapped(&request, &other), None);
        for length in 0..good.len() {
            assert_eq!(mapped(&request, &good[..length]), None);
        }
    }
}
