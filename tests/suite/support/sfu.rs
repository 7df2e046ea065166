//! An SFU of a test's own, on the host's network: LiveKit in a container or without one, or the embedded one.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
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
use super::sfu_kind::Kind;

const IMAGE: &str = "livekit/livekit-server:v1.13.5";

/// An SFU that ends with the value.
pub struct TestSfu {
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// `ws://127.0.0.1:port`.
    pub ws: String,
    /// The one pair that it knows.
    pub pair: KeyPair,
    /// Its ports; the API's and MongoDB's are free.
    pub ports: Ports,
    kind: Kind,
    running: Running,
    dir: TempDir,
}

/// What runs.
enum Running {
    Container(String, Reaper),
    Process(Mutex<Child>),
}

impl TestSfu {
    /// Starts one of a kind.
    pub async fn of(kind: Kind, webhook_url: Option<String>) -> Self {
        Self::of_kind_on(kind, Ports::take(), webhook_url, "").await
    }

    /// Starts it with the pair `APItest` of the tests and waits until it answers. Room events go to
    /// `webhook_url`.
    pub async fn start(webhook_url: Option<String>) -> Self {
        Self::start_on(Ports::take(), webhook_url, "").await
    }

    /// The same on these ports, with more of `livekit.yaml`.
    pub async fn start_on(ports: Ports, webhook_url: Option<String>, more: &str) -> Self {
        Self::of_kind_on(Kind::LiveKit, ports, webhook_url, more).await
    }

    /// The same of a kind.
    pub async fn of_kind_on(
        kind: Kind,
        ports: Ports,
        webhook_url: Option<String>,
        more: &str,
    ) -> Self {
        let (first, last) = ports.udp_range();
        let range = format!("port_range_start: {first}, port_range_end: {last}");
        let rtc = format!("{range}, node_ip: 127.0.0.1, enable_loopback_candidate: true");
        Self::with_rtc(kind, ports, webhook_url, &rtc, more).await
    }

    /// The same with these settings of `rtc` and no others but `tcp_port`.
    pub async fn start_with_rtc(
        ports: Ports,
        webhook_url: Option<String>,
        rtc: &str,
        more: &str,
    ) -> Self {
        Self::with_rtc(Kind::LiveKit, ports, webhook_url, rtc, more).await
    }

    /// The same of a kind.
    pub async fn with_rtc(
        kind: Kind,
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
            running: match kind {
                Kind::LiveKit => {
                    Running::Container(run(&name, dir.path()), Reaper::of(dir.path(), &name))
                }
                Kind::Native | Kind::Embedded => {
                    Running::Process(Mutex::new(start(kind, dir.path())))
                }
            },
            kind,
            pair,
            ports,
            dir,
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
        match &self.running {
            Running::Container(id, _) => drop(docker(&["kill", id])),
            Running::Process(child) => end(&mut child.lock().unwrap()),
        }
    }

    /// Leaves its connections open and lets it say nothing more.
    pub fn pause(&self) {
        match &self.running {
            Running::Container(id, _) => drop(docker(&["pause", id])),
            Running::Process(_) => self.signal(Signal::STOP),
        }
    }

    /// Goes on after a pause.
    pub fn go_on(&self) {
        match &self.running {
            Running::Container(id, _) => drop(docker(&["unpause", id])),
            Running::Process(_) => self.signal(Signal::CONT),
        }
    }

    /// Sends a signal to the process that is no container.
    pub fn signal(&self, signal: Signal) {
        let id = self.pid().cast_signed();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// The number of the process that is no container.
    pub fn pid(&self) -> u32 {
        let Running::Process(child) = &self.running else {
            panic!("a container");
        };
        child.lock().unwrap().id()
    }

    /// Whether the process that is no container has ended, and whether well.
    pub fn ended(&self) -> Option<bool> {
        let Running::Process(child) = &self.running else {
            panic!("a container");
        };
        let status = child.lock().unwrap().try_wait().unwrap();
        status.map(|status| status.success())
    }

    /// What the process that is no container has said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// Starts it again with the same config.
    pub async fn start_again(&self) {
        match &self.running {
            Running::Container(id, _) => drop(docker(&["start", id])),
            Running::Process(child) => *child.lock().unwrap() = start(self.kind, self.dir.path()),
        }
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
            "the SFU does not answer: {:?}",
            match &self.running {
                Running::Container(id, _) => docker(&["logs", id]),
                Running::Process(_) => vec![self.log()],
            }
        );
    }
}

impl Drop for TestSfu {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Container(id, _) => drop(docker(&["rm", "--force", "--volumes", id])),
            Running::Process(child) => end(child.get_mut().unwrap()),
        }
    }
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

/// LiveKit without a container, or the embedded SFU. It ends with the test, however that ends.
fn start(kind: Kind, dir: &Path) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(dir.join("log"));
    let log = log.unwrap();
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .args(kind.program())
        .arg("--config")
        .arg(dir.join("livekit.yaml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
