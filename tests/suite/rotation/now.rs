//! `keys rotate --now`: an old pair that must not be good any longer.

use std::time::{Duration, Instant};

use crate::call::{ANNA, BERT, Member};
use crate::support::page_server::PageServer;
use crate::support::until::{eventually, until_some};

use super::load::{Load, issuers, none_admits};
use super::{running, status};

/// How soon participants must be back. `scripts/soak/rotate` asks for 5 seconds, on a machine that has nothing
/// else to do.
fn soon_enough() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "how a script asks for more")]
    let seconds = std::env::var("URBANIA_TEST_BACK_WITHIN").map(|text| text.parse().unwrap());
    Duration::from_secs(seconds.unwrap_or(60))
}

#[tokio::test]
async fn participants_are_back_and_old_tokens_are_refused() {
    let pages = PageServer::start().await;
    let project = running(&format!(", cors_origins: ['{}']", pages.origin));
    let anna = Member::stay(&project, &pages, ANNA).await;
    let bert = Member::stay(&project, &pages, BERT).await;
    anna.sees_and_hears(&bert).await;
    let old = status(&project)["in_use"]["key"].clone();
    let load = Load::begin(&project, ANNA.0).await;
    load.until(10).await;
    let olds = load.end().await;
    assert_eq!(issuers(&olds).len(), 1);

    // The SFU counts those who came with a delay.
    eventually("the SFU counts both", || {
        status(&project)["sfu"]["participants"] == 2
    });
    let refused = project.run(&["keys", "rotate", "--now"]).expect(2);
    assert_eq!(
        refused.stderr,
        format!(
            "error: the SFU has to start again: 2 participants are connected; tokens of `{}` are \
             refused from then on, and nobody is here to be asked\nhint: --yes goes on without asking\n",
            old.as_str().unwrap()
        )
    );
    assert_eq!(status(&project)["stage"], "ready", "nothing was changed");
    let mut rotating = project.command(&["keys", "rotate", "--now", "--yes"]);
    let mut rotating = rotating.spawn().unwrap();
    let cut_off = until_some("somebody is cut off", async || {
        let ended = rotating.try_wait().unwrap();
        assert!(ended.is_none_or(|ended| ended.success()));
        let reports = [anna.page.report().await, bert.page.report().await];
        let cut_off = reports.iter().any(|report| !report.events.is_empty());
        cut_off.then(Instant::now)
    })
    .await;
    for member in [&anna, &bert] {
        member.is_back().await;
    }
    let away = cut_off.elapsed();
    println!("back after {away:?}");
    anna.sees_and_hears(&bert).await;
    bert.sees_and_hears(&anna).await;
    println!("{:?} {:?}", cut_off.elapsed(), anna.page.report().await);
    assert!(away < soon_enough(), "{away:?}");
    assert!(rotating.wait().unwrap().success());

    none_admits(&project, &olds).await;
    assert!(!project.read("livekit.yaml").contains(old.as_str().unwrap()));
    let now = status(&project);
    assert_eq!(
        (&now["stage"], &now["sfu"]["state"]),
        (&"ready".into(), &"knows".into())
    );
    assert_eq!(now["apis"][0]["current"], true);
    for member in [anna, bert] {
        member.page.close().await;
    }
}
