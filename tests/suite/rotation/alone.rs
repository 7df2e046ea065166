//! The end of a rotation that nobody comes back for.

use crate::call::{ANNA, Member};
use crate::support::page_server::PageServer;
use crate::support::until::eventually;

use super::{let_tokens_be_over, running, sfu, status};

#[tokio::test]
async fn the_api_retires_the_old_pair_by_itself_when_nobody_is_connected() {
    let pages = PageServer::start().await;
    let project = running(&format!(", cors_origins: ['{}']", pages.origin));
    let anna = Member::stay(&project, &pages, ANNA).await;
    eventually("the SFU counts her", || {
        status(&project)["sfu"]["participants"] == 1
    });
    let (before, api) = (sfu(&project), project.api_pid());
    let reserve = status(&project)["reserve"]["key"].clone();
    project.ok(&["keys", "rotate"]);
    let_tokens_be_over(&project);

    let log = || project.read(".urbania/logs/api.log");
    eventually("the API has seen it", || {
        log().contains("it retires when nobody is connected")
    });
    eventually("it waits for her", || {
        log().contains("the old pair waits: somebody is connected")
    });
    assert_eq!(sfu(&project), before, "no call is interrupted");
    assert_eq!(status(&project)["stage"], "overlap");

    anna.page.close().await;
    eventually("nobody is connected", || {
        status(&project)["sfu"]["participants"] == 0
    });
    eventually("the old pair is gone", || {
        let now = status(&project);
        now["stage"] == "ready" && now["sfu"]["state"] == "knows"
    });
    assert_ne!(sfu(&project), before);
    assert_eq!(project.api_pid(), api, "the API goes on");
    let now = status(&project);
    assert_eq!(now["in_use"]["key"], reserve);
    assert_eq!(now["apis"][0]["current"], true);
    project.ok(&["keys", "check"]);
}
