//! Calls between real browsers, through the SFU of each engine, with tokens of the real API.

use rustix::process::{Pid, Signal, kill_process};

use crate::engines::nothing_is_left;
use crate::support::browser::Participant;
use crate::support::docker::docker;
use crate::support::engine::{Engine, on_every_engine};
use crate::support::page_server::PageServer;
use crate::support::project::TestProject;
use crate::support::until::until;

on_every_engine!(
    two_browsers_meet_in_a_fresh_project_and_down_leaves_the_data_alone,
    a_call_goes_on_while_the_api_is_stopped_killed_and_started_again,
    firefox_and_chromium_meet,
);

pub const PASSWORD: &str = "correct horse battery";

/// Who takes part: name, number of the picture, frequency of the tone.
pub const ANNA: (&str, u8, u32) = ("anna", 1, 440);
/// The other one.
pub const BERT: (&str, u8, u32) = ("bert", 6, 880);

/// A running project with more settings and two users, and a page that its API lets in.
async fn running_project(engine: Engine, more: &str) -> (TestProject, PageServer) {
    let project = TestProject::initialised_on(engine);
    let pages = PageServer::start().await;
    project.settings(&format!(
        "api: {{listen: '127.0.0.1:{}', cors_origins: ['{}']}}\n{more}",
        project.ports.api(),
        pages.origin
    ));
    project.ok(&["up"]);
    for (name, ..) in [ANNA, BERT] {
        project.add_user(name, PASSWORD);
    }
    (project, pages)
}

/// Two users in one room.
struct Call {
    project: TestProject,
    pages: PageServer,
    anna: Member,
    bert: Member,
}

impl Call {
    /// In a project with more settings; both see and hear each other.
    async fn begin(engine: Engine, more: &str) -> Self {
        let (project, pages) = running_project(engine, more).await;
        let call = Self {
            anna: Member::join(&project, &pages, ANNA).await,
            bert: Member::join(&project, &pages, BERT).await,
            project,
            pages,
        };
        call.goes_on().await;
        call
    }

    async fn goes_on(&self) {
        self.anna.sees_and_hears(&self.bert).await;
        self.bert.sees_and_hears(&self.anna).await;
    }

    /// Nobody was cut off before.
    async fn end(self) -> (TestProject, PageServer) {
        leave([self.anna, self.bert]).await;
        (self.project, self.pages)
    }
}

/// A participant of a call and what the SFU calls it.
pub struct Member {
    /// The page.
    pub page: Participant,
    identity: String,
    code: u8,
    hertz: u32,
}

impl Member {
    /// In the room, sending.
    pub async fn join(
        project: &TestProject,
        pages: &PageServer,
        (name, code, hertz): (&str, u8, u32),
    ) -> Self {
        let page = Participant::open(pages).await;
        Self::join_by(page, project, (name, code, hertz)).await
    }

    /// The same in a browser that is open already.
    async fn join_by(
        page: Participant,
        project: &TestProject,
        (name, code, hertz): (&str, u8, u32),
    ) -> Self {
        let answer = page.token(&project.api(), name, PASSWORD, "the room").await;
        assert_eq!(answer["room_name"], "the room");
        let [url, token] = ["url", "token"].map(|key| answer[key].as_str().unwrap().to_owned());
        let identity = page.join(&url, &token, code, hertz).await;
        Self {
            page,
            identity,
            code,
            hertz,
        }
    }

    /// The same, and it comes back with a fresh token when it is cut off for good.
    pub async fn stay(
        project: &TestProject,
        pages: &PageServer,
        (name, code, hertz): (&str, u8, u32),
    ) -> Self {
        let page = Participant::open(pages).await;
        let identity = page
            .stay(&project.api(), (name, PASSWORD), "the room", code, hertz)
            .await;
        Self {
            page,
            identity,
            code,
            hertz,
        }
    }

    /// From now on.
    pub async fn sees_and_hears(&self, other: &Self) {
        self.page
            .sees_and_hears(&other.identity, other.code, other.hertz)
            .await;
    }

    /// Whatever became of it meanwhile.
    pub async fn is_back(&self) {
        until("the connection is back", async || {
            self.page.report().await.state == "connected"
        })
        .await;
    }

    /// Neither for good nor for a moment.
    pub async fn was_never_cut_off(&self) {
        let report = self.page.report().await;
        assert_eq!(report.state, "connected");
        assert_eq!(report.events, [""; 0], "{} was cut off", self.identity);
    }
}

async fn two_browsers_meet_in_a_fresh_project_and_down_leaves_the_data_alone(engine: Engine) {
    let (project, pages) = Call::begin(engine, "").await.end().await;
    let api = project.api_pid().expect("the API runs");

    project.ok(&["down"]);

    nothing_is_left(&project);
    assert_eq!(project.api_pid(), None);
    assert!(!alive(api), "the API process {api} outlived `down`");

    project.ok(&["up"]);

    let anna = Participant::open(&pages).await;
    let answer = anna
        .token(&project.api(), ANNA.0, PASSWORD, "another room")
        .await;
    assert_eq!(answer["room_name"], "another room");
    anna.close().await;
}

/// Firefox takes no address of loopback: `up` has to find a better one. Without a sound device it makes no tone.
async fn firefox_and_chromium_meet(engine: Engine) {
    let (project, pages) = running_project(engine, "").await;
    let one = Participant::open_in_firefox(&pages).await;
    let anna = Member::join_by(one, &project, ANNA).await;
    let bert = Member::join(&project, &pages, BERT).await;
    anna.page.sees(&bert.identity, bert.code).await;
    bert.page.sees(&anna.identity, anna.code).await;
    leave([anna, bert]).await;
}

/// All leave, and nobody was cut off before.
async fn leave<const N: usize>(members: [Member; N]) {
    for member in &members {
        member.was_never_cut_off().await;
    }
    for member in members {
        member.page.close().await;
    }
}

#[tokio::test]
async fn two_browsers_meet_through_published_ports() {
    let call = Call::begin(Engine::Docker, "network: published\n").await;
    let sfu = format!("urbania-{}-livekit", call.project.name);
    let mode = docker(&["inspect", &sfu, "--format", "{{.HostConfig.NetworkMode}}"]);
    assert_ne!(mode, ["host"]);
    call.end().await;
}

async fn a_call_goes_on_while_the_api_is_stopped_killed_and_started_again(engine: Engine) {
    let call = Call::begin(engine, "").await;
    let project = &call.project;
    for signal in [Signal::TERM, Signal::KILL] {
        let api = project.api_pid().expect("the API runs");
        kill(api, signal).await;
        call.goes_on().await;

        project.ok(&["up"]);
        assert_ne!(project.api_pid(), Some(api), "no new API process");
        call.goes_on().await;
    }
    call.end().await;
}

/// Sends a signal and waits until the process is gone.
async fn kill(pid: u32, signal: Signal) {
    let process = Pid::from_raw(pid.cast_signed()).unwrap();
    kill_process(process, signal).unwrap();
    until("the process has ended", async || !alive(pid)).await;
}

/// Whether a process runs; one that nobody has reaped yet does not.
fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
