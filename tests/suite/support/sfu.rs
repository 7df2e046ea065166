//! A LiveKit of a test's own, on the host's network.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use urbania::api::Reach;
use urbania::config::LivekitConfig;
use urbania::context::Clock;
use urbania::livekit::keys::KeyPair;
use urbania::livekit::room_service::RoomService;

use super::api::LIVEKIT_SECRET;
use super::docker::docker;
use super::ports::Ports;
use super::reaper::Reaper;

const IMAGE: &str = "livekit/livekit-server:v1.13.5";

/// A container with LiveKit that ends with the value.
pub struct TestSfu {
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// `ws://127.0.0.1:port`.
    pub ws: String,
    /// The one pair that it knows.
    pub pair: KeyPair,
    /// Its ports; the API's and MongoDB's are free.
    pub ports: Ports,
    container: String,
    _dir: TempDir,
    _reaper: Reaper,
}

impl TestSfu {
    /// Starts it with the pair `APItest` of the tests and waits until it answers. Room events go to
    /// `webhook_url`.
    pub async fn start(webhook_url: Option<String>) -> Self {
        Self::start_on(Ports::take(), webhook_url, "").await
    }

    /// The same on these ports, with more of `livekit.yaml`.
    pub async fn start_on(ports: Ports, webhook_url: Option<String>, more: &str) -> Self {
        let (first, last) = ports.udp_range();
        let range = format!("port_range_start: {first}, port_range_end: {last}");
        let rtc = format!("{range}, node_ip: 127.0.0.1, enable_loopback_candidate: true");
        Self::start_with_rtc(ports, webhook_url, &rtc, more).await
    }

    /// The same with these settings of `rtc` and no others but `tcp_port`.
    pub async fn start_with_rtc(
        ports: Ports,
        webhook_url: Option<String>,
        rtc: &str,
        more: &str,
    ) -> Self {
        let pair = KeyPair {
            key: "APItest".into(),
            secret: LIVEKIT_SECRET.into(),
        };
        let dir = tempfile::tempdir().unwrap();
        let name = format!("test-sfu-{}", ports.livekit());
        let config = config(&ports, &pair, webhook_url.as_deref(), rtc, more);
        std::fs::write(dir.path().join("livekit.yaml"), config).unwrap();
        let sfu = Self {
            base: format!("http://127.0.0.1:{}", ports.livekit()),
            ws: format!("ws://127.0.0.1:{}", ports.livekit()),
            container: run(&name, dir.path()),
            _reaper: Reaper::of(dir.path(), &name),
            pair,
            ports,
            _dir: dir,
        };
        sfu.until_it_answers().await;
        sfu
    }

    /// Its room service.
    pub fn rooms(&self) -> RoomService {
        RoomService::new(&self.base, Some(&self.pair), Clock::system())
    }

    /// Where the API finds it: a config with its port and no other difference.
    pub fn livekit_config(&self) -> LivekitConfig {
        LivekitConfig {
            port: self.ports.livekit(),
            keys: vec![self.pair.clone()],
            ..LivekitConfig::default()
        }
    }

    /// How the API reaches it.
    pub fn reach(&self) -> Reach {
        Reach::new(None, &self.livekit_config())
    }

    /// Ends it at once; calls are cut off.
    pub fn kill(&self) {
        docker(&["kill", &self.container]);
    }

    /// Leaves its connections open and lets it say nothing more.
    pub fn pause(&self) {
        docker(&["pause", &self.container]);
    }

    /// Goes on after a pause.
    pub fn go_on(&self) {
        docker(&["unpause", &self.container]);
    }

    /// Starts it again with the same config.
    pub async fn start_again(&self) {
        docker(&["start", &self.container]);
        self.until_it_answers().await;
    }

    async fn until_it_answers(&self) {
        let rooms = self.rooms();
        let ready = async {
            while rooms.list(Vec::new()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), ready).await;
        assert!(
            waited.is_ok(),
            "LiveKit does not answer: {:?}",
            docker(&["logs", &self.container])
        );
    }
}

impl Drop for TestSfu {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]);
    }
}

/// LiveKit outside of a container: so it can be in a network of the test's own.
pub fn program() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let container = docker(&["create", IMAGE]).remove(0);
    let from = format!("{container}:/livekit-server");
    docker(&["cp", &from, dir.path().to_str().unwrap()]);
    docker(&["rm", &container]);
    dir
}

fn config(
    ports: &Ports,
    pair: &KeyPair,
    webhook_url: Option<&str>,
    rtc: &str,
    more: &str,
) -> String {
    let (signalling, tcp, key) = (ports.livekit(), ports.rtc_tcp(), &pair.key);
    let webhook = webhook_url.map_or(String::new(), |url| {
        format!("webhook: {{api_key: {key}, urls: ['{url}']}}\n")
    });
    format!(
        "port: {signalling}\nkeys: {{{key}: '{LIVEKIT_SECRET}'}}\n\
         rtc: {{tcp_port: {tcp}, {rtc}}}\n{webhook}{more}"
    )
}

/// The name is also the label by which the reaper finds it.
fn run(name: &str, dir: &Path) -> String {
    let label = format!("io.urbania.project={name}");
    let mount = format!("{}:/etc/test:ro", dir.display());
    let args = [
        "run",
        "--detach",
        "--network=host",
        "--label",
        &label,
        "--name",
        name,
        "--volume",
        &mount,
        IMAGE,
        "--config",
        "/etc/test/livekit.yaml",
    ];
    docker(&args).remove(0)
}
