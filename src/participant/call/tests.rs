//! A call with an SFU beside it, in time of their own.

use str0m::change::SdpOffer;

use super::*;
use crate::participant::candidates::MOST;
use crate::participant::report::Answer;

const DELAY: Duration = Duration::from_millis(10);

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A call and an SFU, with a network of [`DELAY`] each way and time of their own.
struct Meeting {
    call: Call,
    sfu: Rtc,
    now: Instant,
}

impl Meeting {
    /// The SFU offers `address`.
    fn at(transport: Transport, address: SocketAddr) -> Self {
        let now = Instant::now();
        let (mut call, offer) = Call::offer(transport, now).unwrap();
        assert!(!offer.contains("a=candidate"), "{offer}");
        let provider = Arc::new(from_feature_flags());
        let mut sfu = Rtc::builder().set_crypto_provider(provider).build(now);
        let host = match transport {
            Transport::Udp => Candidate::builder().udp().host(address).build(),
            Transport::Tcp => {
                let host = Candidate::builder().tcp().host(address);
                host.tcptype(TcpType::Passive).build()
            }
        };
        sfu.add_local_candidate(host.unwrap());
        let offer = SdpOffer::from_sdp_string(&offer).unwrap();
        let answer = sfu.sdp_api().accept_offer(offer).unwrap();
        let dialled = call.answered(&answer.to_sdp_string(), now).unwrap();
        assert_eq!(dialled, [address]);
        Self { call, sfu, now }
    }

    /// Carries what `passes` until the call has ended, for ten seconds at most.
    fn run(mut self, passes: impl Fn(&[u8]) -> bool) -> (Path, Duration) {
        let start = self.now;
        let end = start + Duration::from_secs(10);
        while self.now < end && self.call.ends().is_none_or(|ends| ends > self.now) {
            let (mine, theirs) = (self.sent(), self.answered());
            self.now += DELAY;
            for (from, to, packet) in mine.into_iter().filter(|(.., p)| passes(p)) {
                let protocol = self.call.transport.protocol();
                let input = Receive::new(protocol, from, to, &packet).unwrap();
                self.sfu
                    .handle_input(Input::Receive(self.now, input))
                    .unwrap();
                // str0m wants to be asked after each of them.
                for (from, to, packet) in self.answered() {
                    self.call.received(from, to, &packet, self.now + DELAY);
                }
            }
            for (from, to, packet) in theirs.into_iter().filter(|(.., p)| passes(p)) {
                self.call.received(from, to, &packet, self.now);
            }
            self.call.pass(self.now);
            self.sfu.handle_input(Input::Timeout(self.now)).unwrap();
        }
        (self.call.finish(), self.now - start)
    }

    fn sent(&mut self) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Step::Send { from, to, packet } = self.call.step(self.now).unwrap() {
            sent.push((from, to, packet));
        }
        sent
    }

    fn answered(&mut self) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        loop {
            match self.sfu.poll_output().unwrap() {
                Output::Timeout(_) => return sent,
                Output::Event(_) => {}
                Output::Transmit(t) => sent.push((t.source, t.destination, t.contents.into())),
            }
        }
    }
}

#[test]
fn a_connection_comes_to_stand_over_udp_and_over_tcp() {
    let (theirs, ours) = (address("10.0.0.1:50000"), address("10.0.0.2:40000"));
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut meeting = Meeting::at(transport, theirs);
        meeting.call.ready(theirs, ours);
        meeting.call.last_candidate(meeting.now);
        let (path, took) = meeting.run(|_| true);
        let won = path.outcome.unwrap();
        assert_eq!((won.local, won.remote), (ours, theirs));
        assert_eq!(won.round_trip, Some(2 * DELAY));
        assert_eq!(path.tried[0].answer, Answer::After(2 * DELAY));
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

#[test]
fn a_connection_that_lets_only_ice_through_fails_at_dtls() {
    let (theirs, ours) = (address("10.0.0.1:50000"), address("10.0.0.2:40000"));
    let mut meeting = Meeting::at(Transport::Udp, theirs);
    meeting.call.ready(theirs, ours);
    let (path, _) = meeting.run(|packet| StunMessage::parse(packet).is_ok());
    assert!(matches!(path.outcome, Err(Failure::Dtls(_))), "{path:?}");
    assert!(matches!(path.tried[0].answer, Answer::After(_)));
}

#[test]
fn an_address_that_stays_silent_is_given_up_after_a_while() {
    let (theirs, ours) = (address("10.0.0.1:50000"), address("10.0.0.2:40000"));
    let mut meeting = Meeting::at(Transport::Udp, theirs);
    meeting.call.ready(theirs, ours);
    let (path, took) = meeting.run(|_| false);
    assert_eq!(path.outcome, Err(Failure::Unreachable));
    assert_eq!(path.tried[0].answer, Answer::Silent);
    assert_eq!(took, SILENCE);
}

#[test]
fn silence_tells_nothing_of_what_was_asked_only_just_now() {
    let theirs = address("10.0.0.1:50000");
    for (after, failure) in [(ENOUGH / 2, Failure::Late), (ENOUGH, Failure::Unreachable)] {
        let mut meeting = Meeting::at(Transport::Udp, theirs);
        meeting.call.ready(theirs, address("10.0.0.2:40000"));
        meeting.call.interrupt(meeting.now + after);
        assert_eq!(meeting.call.finish().outcome, Err(failure));
    }
}

#[test]
fn an_address_that_nothing_can_be_sent_to_is_not_waited_for() {
    let theirs = address("10.0.0.1:50000");
    let mut meeting = Meeting::at(Transport::Tcp, theirs);
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    meeting.call.refused(theirs, &refused);
    let (path, took) = meeting.run(|_| true);
    assert_eq!(path.outcome, Err(Failure::Unreachable));
    assert_eq!(
        path.tried[0].answer,
        Answer::Refused("connection refused".to_owned())
    );
    assert_eq!(took, QUIET);
}

#[test]
fn another_address_that_is_silent_delays_the_end_only_a_little() {
    let (theirs, ours) = (address("10.0.0.1:50000"), address("10.0.0.2:40000"));
    let silent = address("172.17.0.1:50001");
    let mut meeting = Meeting::at(Transport::Udp, theirs);
    let line = "candidate:7 1 udp 2130706431 172.17.0.1 50001 typ host";
    assert_eq!(meeting.call.candidate(line, meeting.now), Some(silent));
    assert_eq!(meeting.call.candidate(line, meeting.now), None);
    meeting.call.ready(theirs, ours);
    meeting.call.ready(silent, address("172.17.0.2:40001"));
    let (path, took) = meeting.run(|_| true);
    assert_eq!(path.outcome.unwrap().remote, theirs);
    assert_eq!(path.tried[1].answer, Answer::Silent);
    assert!(
        took > OTHERS && took < OTHERS + Duration::from_millis(500),
        "{took:?}"
    );
}

#[test]
fn what_is_for_the_other_transport_or_no_candidate_is_not_tried() {
    let now = Instant::now();
    let (mut call, _) = Call::offer(Transport::Udp, now).unwrap();
    for line in [
        "candidate:7 1 tcp 2130706431 10.0.0.1 7881 typ host tcptype passive",
        "candidate:7 1 udp 2130706431 name.local 5000 typ host",
        "candidate:",
        "",
    ] {
        assert_eq!(call.candidate(line, now), None, "{line}");
    }
    assert_eq!(call.ends(), None);
    assert_eq!(call.outcome(), Err(Failure::NoAnswer));
    call.last_candidate(now);
    assert_eq!(call.ends(), Some(now));
    assert_eq!(call.outcome(), Err(Failure::NoCandidates));
}

#[test]
fn addresses_without_end_are_not_tried() {
    let now = Instant::now();
    let (mut call, _) = Call::offer(Transport::Udp, now).unwrap();
    let lines =
        (1..=MOST + 5).map(|n| format!("candidate:{n} 1 udp 2130706431 10.0.0.1 {n} typ host"));
    let tried = lines.filter_map(|line| call.candidate(&line, now));
    assert_eq!(tried.count(), MOST);
}

#[test]
fn an_answer_that_is_none_is_told_so() {
    let now = Instant::now();
    for nonsense in ["", "v=0\r\n", "hello"] {
        let (mut call, _) = Call::offer(Transport::Udp, now).unwrap();
        let failure = call.answered(nonsense, now).unwrap_err();
        assert!(matches!(failure, Failure::BadAnswer(_)), "{failure:?}");
    }
}
