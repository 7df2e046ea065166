//! Calls in which all is well.

use serde_json::Value;

use super::{held, reason};
use crate::config::Folder;
use crate::docs::json::undocumented;
use crate::support::sfu::TestSfu;
use crate::support::sfu_kind::{Kind, on_both_sfus};

on_both_sfus!(
    two_see_and_hear_each_other_and_every_report_says_so,
    in_an_audio_only_call_there_is_no_camera_and_the_sfu_refuses_one,
    in_a_webinar_all_see_and_hear_the_speaker_alone,
    three_see_and_hear_each_other_although_two_leave_and_come_back,
    who_loses_packets_sees_and_hears_all_the_same,
);

async fn two_see_and_hear_each_other_and_every_report_says_so(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let folder = Folder::with(&[]);
    let files = ["--junit", "report.xml", "--html", "report.html"];
    let args = [&["one-to-one", "--duration", "6s"][..], &files].concat();
    let (run, report) = held(&folder, &sfu, &args).await;
    let run = run.expect(0);

    assert_eq!(undocumented("urbania call", &report), [""; 0]);
    assert_eq!(report["passed"], true);
    for (from, to, hertz) in [("ada", "bela", 400), ("bela", "ada", 470)] {
        assert_eq!(reason(&report, to, "sees", from), None);
        let pairs = report["pairs"].as_array().unwrap();
        let pair = pairs.iter().find(|pair| pair["from"] == from).unwrap();
        let seen = &pair["sees"]["measured"];
        let late = seen["latency_ms"]["p50"].as_f64().unwrap();
        // A picture is not shown before it is painted, and on one machine soon after.
        assert!((1.0..1500.0).contains(&late), "{seen}");
        assert!(seen["fps"].as_f64().unwrap() > 5.0, "{seen}");
        assert!(seen["first_frame_ms"].as_f64().unwrap() > 0.0, "{seen}");
        assert_eq!(seen["codec"], "VP8");
        assert_eq!(pair["hears"]["measured"]["hertz"], hertz);
        assert_eq!(pair["to"], to);
    }
    for who in report["participants"].as_array().unwrap() {
        assert_eq!(who["ice"]["protocol"], "udp", "{who}");
        assert!(who["join_ms"].as_f64().unwrap() > 0.0, "{who}");
    }
    let junit = folder.read("report.xml");
    assert!(junit.contains(r#"tests="6" failures="0""#), "{junit}");
    assert!(junit.contains(r#"name="bela sees ada"/>"#), "{junit}");
    let html = folder.read("report.html");
    for part in ["<polyline points=\"", "data:image/jpeg;base64,", ">passed<"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "it loads something"
    );
    assert!(run.stderr.contains("ada has joined in "), "{}", run.stderr);
}

async fn in_an_audio_only_call_there_is_no_camera_and_the_sfu_refuses_one(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let (run, report) = held(
        &Folder::with(&[]),
        &sfu,
        &["audio-only", "--duration", "4s"],
    )
    .await;
    let _ = run.expect(0);
    assert_eq!(reason(&report, "bela", "hears", "ada"), None);
    assert_eq!(report["pairs"][0]["sees"], Value::Null);
    let checks = report["checks"].as_array().unwrap();
    let checks: Vec<_> = checks
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        checks,
        [
            "there is no camera in the room",
            "the SFU refuses ada a camera",
            "the SFU refuses bela a camera"
        ]
    );
}

async fn in_a_webinar_all_see_and_hear_the_speaker_alone(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let folder = Folder::with(&[]);
    let args = ["webinar", "--participants", "3", "--duration", "5s"];
    let args = [&args[..], &["--html", "report.html"]].concat();
    let (run, report) = held(&folder, &sfu, &args).await;
    let _ = run.expect(0);
    // Who sends nothing has neither a row nor a line.
    let html = folder.read("report.html");
    assert!(html.contains("<td>speaker → listener-1</td>"), "{html}");
    assert_eq!(html.matches("<polyline ").count(), 4 * 2);
    assert!(!html.contains("listener-1 → "), "{html}");
    for listener in ["listener-1", "listener-2"] {
        assert_eq!(reason(&report, listener, "sees", "speaker"), None);
        assert_eq!(reason(&report, listener, "hears", "speaker"), None);
    }
    let sent = report["participants"].as_array().unwrap();
    let sent: Vec<_> = sent
        .iter()
        .map(|who| who["publishes"].as_array().unwrap().len())
        .collect();
    assert_eq!(sent, [2, 0, 0]);
}

/// A group, and its churn.
async fn three_see_and_hear_each_other_although_two_leave_and_come_back(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let args = ["churn", "--duration", "16s"];
    let (run, report) = held(&Folder::with(&[]), &sfu, &args).await;
    let _ = run.expect(0);
    assert_eq!(report["pairs"].as_array().unwrap().len(), 6);
    let happened = report["events"].as_array().unwrap();
    assert_eq!(happened.len(), 4, "{happened:?}");
    // `bela` comes back twelve seconds after the first pictures: those count.
    for pair in report["pairs"].as_array().unwrap() {
        let first = &pair["sees"]["measured"]["first_frame_ms"];
        assert!(first.as_f64().unwrap() < 6000.0, "{pair}");
    }
}

/// Chance may take a keyframe and each of its repetitions, and the picture stands for seconds: not in two calls running.
async fn who_loses_packets_sees_and_hears_all_the_same(kind: Kind) {
    let sfu = TestSfu::of(kind, None).await;
    let folder = Folder::with(&[]);
    let args = ["lossy", "--duration", "12s"];
    let (mut run, mut report) = held(&folder, &sfu, &args).await;
    if run.code != Some(0) {
        (run, report) = held(&folder, &sfu, &args).await;
    }
    let _ = run.expect(0);
    let lost = |pair: &Value| {
        let seen = &pair["sees"]["measured"]["loss_percent"];
        seen.as_f64().unwrap()
    };
    let pairs = report["pairs"].as_array().unwrap();
    assert!(pairs.iter().any(|pair| lost(pair) > 0.5), "{report}");
}
