//! One way for media, tried: the state of the connection, its sockets and the session, brought together.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::time::{sleep_until, timeout_at};

use super::call::{Call, Step};
use super::report::{Failure, Path, Transport};
use super::signal::{self, Signal, SignalError};
use super::sockets::{self, Sockets};

/// Offers a connection, tries every address that the SFU names, and leaves.
pub async fn attempt(
    mut signal: Signal,
    transport: Transport,
    until: tokio::time::Instant,
) -> Path {
    let (mut call, offer) = match Call::offer(transport, Instant::now()) {
        Ok(offered) => offered,
        Err(failure) => return Path::failed(failure),
    };
    let agreed = async {
        signal.offer(offer).await.map_err(|e| ended(&e))?;
        drive(&mut signal, &mut call, transport).await
    };
    match timeout_at(until, agreed).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => call.fail(failure),
        Err(_) => call.interrupt(Instant::now()),
    }
    signal.leave().await;
    call.finish()
}

async fn drive(signal: &mut Signal, call: &mut Call, transport: Transport) -> Result<(), Failure> {
    let mut sockets = Sockets::new(transport);
    loop {
        let wake = send_all(call, &mut sockets).await?;
        let ends = call.ends();
        if ends.is_some_and(|ends| ends <= Instant::now()) {
            return Ok(());
        }
        let wake = ends.map_or(wake, |ends| ends.min(wake));
        tokio::select! {
            heard = signal.next() => match heard {
                Ok(heard) => for remote in agree(call, heard)? {
                    let dialled = sockets.dial(remote).await;
                    if let Some(heard) = dialled {
                        take(call, heard);
                    }
                },
                // The way for media may stand all the same.
                Err(_) if call.is_open() => return Ok(()),
                Err(e) => return Err(ended(&e)),
            },
            heard = sockets.next() => take(call, heard),
            () = sleep_until(wake.into()) => call.pass(Instant::now()),
        }
    }
}

/// Sends all that is to be sent; says when there may be more.
async fn send_all(call: &mut Call, sockets: &mut Sockets) -> Result<Instant, Failure> {
    loop {
        match call.step(Instant::now())? {
            Step::Send { from, to, packet } => {
                if let Err(why) = sockets.send(from, to, &packet).await {
                    call.refused(to, &why);
                }
            }
            Step::Wait(wake) => return Ok(wake),
        }
    }
}

/// Takes what the SFU says; gives the addresses that are new.
fn agree(call: &mut Call, heard: signal::Heard) -> Result<Vec<SocketAddr>, Failure> {
    let now = Instant::now();
    Ok(match heard {
        signal::Heard::Answer(sdp) => call.answered(&sdp, now)?,
        signal::Heard::Candidate { line, is_last } => {
            let new = line.and_then(|line| call.candidate(&line, now));
            if is_last {
                call.last_candidate(now);
            }
            new.into_iter().collect()
        }
        signal::Heard::Other => Vec::new(),
    })
}

fn take(call: &mut Call, heard: sockets::Heard) {
    match heard {
        sockets::Heard::Ready { remote, local } => call.ready(remote, local),
        sockets::Heard::Refused { remote, why } => call.refused(remote, &why),
        sockets::Heard::Packet { from, to, bytes } => {
            call.received(from, to, &bytes, Instant::now());
        }
    }
}

fn ended(error: &SignalError) -> Failure {
    match error {
        SignalError::Ended(reason) => Failure::Ended(reason.clone()),
        error => Failure::Ended(error.to_string()),
    }
}
