//! A rotation while tokens are asked for and a call goes on, on the real SFU.

use crate::call::{ANNA, BERT, Member};
use crate::support::page_server::PageServer;
use crate::support::project::TestProject;
use crate::support::until::{eventually, until};

use super::load::{Load, all_admit, client, issuers, none_admits};
use super::{let_tokens_be_over, running, sfu, status, value};

/// `scripts/soak/rotate` asks for more.
const TOKENS: &str = "URBANIA_TEST_ROTATE_TOKENS";

#[tokio::test]
async fn a_rotation_refuses_no_request_no_token_and_no_call() {
    #[expect(clippy::disallowed_methods, reason = "how a script asks for more")]
    let tokens = std::env::var(TOKENS).map_or(1_000, |n| n.parse().unwrap());
    let pages = PageServer::start().await;
    let project = running(&format!(", cors_origins: ['{}']", pages.origin));
    let anna = Member::join(&project, &pages, ANNA).await;
    let bert = Member::join(&project, &pages, BERT).await;
    let (before, api) = (sfu(&project), project.api_pid());
    let [old, new] = ["in_use", "reserve"].map(|role| status(&project)[role]["key"].clone());

    let load = Load::begin(&project, ANNA.0).await;
    load.until(tokens / 3).await;
    let run = project.run(&["keys", "rotate"]).expect(0);
    let rotated_at = load.answered();
    load.until(tokens.max(rotated_at + tokens / 3)).await;
    let handed_out = load.end().await;

    let signed = issuers(&handed_out);
    assert_eq!(signed.len(), 2, "{signed:?}");
    assert!(run.stdout.contains("signs with"), "{}", run.stdout);
    all_admit(&project, &handed_out).await;
    anna.sees_and_hears(&bert).await;
    bert.sees_and_hears(&anna).await;
    assert_eq!((sfu(&project), project.api_pid()), (before.clone(), api));
    let now = status(&project);
    assert_eq!(now["stage"], "overlap");
    assert_eq!(
        (&now["in_use"]["key"], &now["retiring"]["key"]),
        (&new, &old)
    );
    for file in [".env", "backend.env"] {
        let env = project.read(file);
        assert_eq!(value(&env, "LIVEKIT_API_KEY"), new.as_str().unwrap());
    }

    // It is nothing that `up` would start the SFU or the API again for.
    let run = project.run(&["up"]).expect(0);
    assert!(
        run.stderr.ends_with("everything ran already\n"),
        "{}",
        run.stderr
    );
    let again = project.run(&["keys", "rotate"]).expect(1);
    assert!(
        again.stderr.contains("is not over: tokens of `"),
        "{}",
        again.stderr
    );

    // When the last token is over, the pair still waits for the call to end.
    let_tokens_be_over(&project);
    // The SFU counts those who came with a delay.
    eventually("the SFU counts both", || {
        status(&project)["sfu"]["participants"] == 2
    });
    let run = project.run(&["keys", "rotate", "--finish"]).expect(0);
    assert!(
        run.stderr.contains("2 participants are connected"),
        "{}",
        run.stderr
    );
    project.ok(&["up"]);
    assert_eq!((sfu(&project), project.api_pid()), (before.clone(), api));
    for member in [anna, bert] {
        member.was_never_cut_off().await;
        member.page.close().await;
    }
    // It waits for them for a while: they did not say that they leave.
    eventually("nobody is connected", || {
        status(&project)["sfu"]["participants"] == 0
    });
    project.ok(&["keys", "rotate", "--finish"]);
    assert_ne!(sfu(&project), before);
    assert_eq!(project.api_pid(), api, "the API goes on");
    let (olds, news): (Vec<_>, Vec<_>) = handed_out
        .into_iter()
        .partition(|token| issuers(std::slice::from_ref(token)).contains(old.as_str().unwrap()));
    none_admits(&project, &olds[..10]).await;
    all_admit(&project, &news[..10]).await;
    let now = status(&project);
    assert_eq!(
        (&now["stage"], &now["sfu"]["state"]),
        (&"ready".into(), &"knows".into())
    );
    project.ok(&["keys", "check"]);
    let run = project.run(&["up"]).expect(0);
    assert!(
        run.stderr.ends_with("everything ran already\n"),
        "{}",
        run.stderr
    );
}

/// Reports of the SFU that the API has believed and refused.
async fn reports(project: &TestProject) -> (u64, u64) {
    let metrics = format!("{}/metrics", project.api());
    let answer = client().get(metrics).send().await;
    let text = answer.unwrap().text().await.unwrap();
    let of = |outcome: &str| -> u64 {
        let begin = format!("urbania_webhooks_total{{outcome=\"{outcome}\"}} ");
        let count = text.lines().find_map(|line| line.strip_prefix(&begin));
        count.map_or(0, |count| count.parse().unwrap())
    };
    (of("applied") + of("repeated"), of("refused"))
}

/// What the SFU reports now is believed, and nothing that it has reported was refused.
async fn is_believed(project: &TestProject, room: &str) {
    let (before, _) = reports(project).await;
    project.ok(&["room", "create", room]);
    until("the API believes the SFU", async || {
        reports(project).await.0 > before
    })
    .await;
    assert_eq!(reports(project).await.1, 0);
}

#[tokio::test]
async fn up_and_restart_end_a_rotation_when_its_tokens_are_over_and_not_before() {
    let project = running("");
    is_believed(&project, "before").await;
    project.ok(&["keys", "rotate"]);
    is_believed(&project, "signed with the old pair").await;
    project.ok(&["restart", "livekit"]);
    is_believed(&project, "and after a restart").await;
    assert_eq!(status(&project)["stage"], "overlap");
    assert_eq!(
        status(&project)["sfu"]["state"],
        "knows",
        "old tokens are still good"
    );
    let_tokens_be_over(&project);
    let run = project.run(&["restart", "livekit"]).expect(0);
    assert!(run.stderr.contains("is gone"), "{}", run.stderr);
    assert_eq!(status(&project)["stage"], "ready");
    is_believed(&project, "signed with the new pair").await;
    project.ok(&["keys", "rotate"]);
    let_tokens_be_over(&project);
    let api = project.api_pid();
    let run = project.run(&["up"]).expect(0);
    assert!(run.stderr.contains("is gone"), "{}", run.stderr);
    let now = status(&project);
    assert_eq!(
        (&now["stage"], &now["sfu"]["state"]),
        (&"ready".into(), &"knows".into())
    );
    assert_eq!(now["apis"][0]["current"], true);
    assert_eq!(project.api_pid(), api, "it takes other pairs while it runs");
    is_believed(&project, "and with the next one").await;
}
