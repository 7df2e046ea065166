//! `--free`.

use serde_json::{Value, json};

use super::{RANGE, project, range_of, rows};
use crate::support::engine::Engine;
use crate::support::holder::Holder;
use crate::support::project::TestProject;

#[test]
fn free_moves_a_named_port_to_none_that_the_project_needs_itself() {
    let project = project();
    let ports = &project.ports;
    let own = [
        ports.livekit(),
        ports.rtc_tcp(),
        ports.mongodb(),
        ports.api(),
    ];
    let _holder = Holder::of(&[&format!("tcp 127.0.0.1:{}", ports.livekit())]);
    let port = ports.livekit().to_string();
    let args = ["ports", &port, "--free", "--dry-run", "-o", "json"];
    let plan: Value = serde_json::from_str(&project.ok(&args)).unwrap();
    let to = plan["moves"][0]["to"].as_u64().unwrap();
    assert!(own.iter().all(|port| u64::from(*port) != to), "{plan}");
}

#[test]
fn free_moves_the_one_udp_port_of_the_development_sfu() {
    let project = TestProject::initialised_on(Engine::Embedded);
    let (first, _) = project.ports.udp_range();
    let next = first + 1;
    let _holder = Holder::of(&[&format!("udp 0.0.0.0:{first}")]);
    let before = project.read("livekit.yaml");
    let run = project.run(&["ports"]).expect(3);
    let row = format!("udp {first} livekit: media held ");
    assert!(rows(&run.stdout).iter().any(|r| r.starts_with(&row)));
    assert_eq!(
        project.ok(&["ports", "--free", "--yes"]),
        format!(
            "livekit: media: {first} → {next}\nlivekit.yaml: rtc.port_range_start: {first} → {next}\n"
        )
    );
    let start = |port| format!("port_range_start: {port}\n");
    let after = before.replace(&start(first), &start(next));
    assert_eq!(project.read("livekit.yaml"), after);
    project.ok(&["ports"]);
}

#[test]
fn free_moves_the_project_in_every_file_that_names_the_port() {
    let project = project();
    let (livekit, api) = (project.ports.livekit(), project.ports.api());
    let env = format!(
        "LIVEKIT_URL=ws://localhost:{livekit} # why\nAPI=http://127.0.0.1:{api}/api\nOTHER=sfu:{livekit}\n"
    );
    project.write(".env", &env);
    project.write(
        "shop.env",
        &format!("export VITE_LIVEKIT_URL='ws://127.0.0.1:{livekit}'\n"),
    );
    project.edit("urbania.yaml", |text| {
        text + &format!("backends: [shop.env]\nlivekit_url: ws://localhost:{livekit}\n")
    });
    let _holder = Holder::of(&[
        &format!("tcp 127.0.0.1:{livekit}"),
        &format!("tcp 127.0.0.1:{api}"),
    ]);
    let before = project.read("livekit.yaml");
    let run = project.run(&["ports", "--free"]).expect(2);
    assert!(
        run.stderr
            .starts_with("error: nobody is here to be asked, so nothing was written\n")
    );
    assert_eq!(
        (project.read("livekit.yaml"), project.read(".env")),
        (before.clone(), env.clone())
    );
    let run = project
        .run(&["ports", "--free", "--dry-run", "-o", "json"])
        .expect(0);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let to = |n: usize| u16::try_from(plan["moves"][n]["to"].as_u64().unwrap()).unwrap();
    assert_eq!(plan["moves"][0]["from"], livekit);
    assert_eq!(project.read("livekit.yaml"), before);

    let run = project.run(&["ports", "--free", "--yes"]).expect(0);
    let (new_livekit, new_api) = (to(0), to(1));
    assert_eq!(
        run.stdout,
        format!(
            "livekit: signalling: {livekit} → {new_livekit}\napi: token API: {api} → {new_api}\n\
             livekit.yaml: port: {livekit} → {new_livekit}\nurbania.yaml: api.listen: {api} → {new_api}\n\
             urbania.yaml: livekit_url: localhost:{livekit} → localhost:{new_livekit}\n\
             .env: LIVEKIT_URL: localhost:{livekit} → localhost:{new_livekit}\n\
             .env: API: 127.0.0.1:{api} → 127.0.0.1:{new_api}\n\
             shop.env: VITE_LIVEKIT_URL: 127.0.0.1:{livekit} → 127.0.0.1:{new_livekit}\n"
        )
    );
    assert_eq!(
        project.read("livekit.yaml"),
        before.replace(
            &format!("port: {livekit}\n"),
            &format!("port: {new_livekit}\n")
        )
    );
    assert_eq!(
        project.read(".env"),
        format!(
            "LIVEKIT_URL=ws://localhost:{new_livekit} # why\nAPI=http://127.0.0.1:{new_api}/api\nOTHER=sfu:{livekit}\n"
        )
    );
    assert_eq!(
        project.read("shop.env"),
        format!("export VITE_LIVEKIT_URL='ws://127.0.0.1:{new_livekit}'\n")
    );
    project.ok(&["ports"]);
    let run = project.run(&["ports", "--free", "--yes"]).expect(0);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("", "nothing is in the way\n")
    );
}

#[test]
fn free_moves_the_ports_of_media_all_together() {
    let project = project();
    let first = range_of(&project);
    let last = first + 20;
    let before = format!("port_range_end: {}", first + RANGE - 1);
    project.edit("livekit.yaml", |text| {
        text.replace(&before, &format!("port_range_end: {last}"))
    });
    let _holder = Holder::of(&[&format!("udp 0.0.0.0:{}", first + 1)]);
    let run = project
        .run(&["ports", "--free", "--yes", "-o", "json"])
        .expect(0);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let (from, to) = (
        &plan["moves"][0]["from"],
        plan["moves"][0]["to"].as_u64().unwrap(),
    );
    assert_eq!(
        (from, &plan["moves"][0]["count"]),
        (&json!(first), &json!(last - first + 1))
    );
    let end = to + u64::from(last - first);
    let range = format!("port_range_start: {to}, port_range_end: {end}}}");
    assert!(project.read("livekit.yaml").contains(&range));
    project.ok(&["ports"]);
}

#[test]
fn free_moves_webhooks_to_the_api_and_tells_which_files_it_leaves_alone() {
    let project = project();
    let api = project.ports.api();
    let hooks = |api: u16| {
        format!(
            "webhook:\n  api_key: APItest\n  urls:\n    - http://127.0.0.1:{api}/api/livekit/webhook # ours\n    \
             - http://127.0.0.2:{api}/elsewhere\n"
        )
    };
    project.edit("livekit.yaml", |text| text + &hooks(api));
    let compose = format!("services:\n  shop:\n    ports: [\"{api}:80\"]\n    # {api}\n");
    project.write("docker-compose.yml", &compose);
    let holder = Holder::of(&[&format!("tcp 127.0.0.1:{api}")]);
    let run = project
        .run(&["ports", "--free", "--yes", "-o", "json"])
        .expect(0);
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let to = u16::try_from(plan["moves"][0]["to"].as_u64().unwrap()).unwrap();
    assert_eq!(
        plan["files"],
        json!([
            {"file": "livekit.yaml", "changes": [format!("webhook.urls: 127.0.0.1:{api} → 127.0.0.1:{to}")]},
            {"file": "urbania.yaml", "changes": [format!("api.listen: {api} → {to}")]},
        ])
    );
    assert_eq!(
        plan["left_alone"],
        json!([{"file": "docker-compose.yml", "line": 3, "port": api}])
    );
    let moved = hooks(api).replacen(&api.to_string(), &to.to_string(), 1);
    assert!(project.read("livekit.yaml").ends_with(&moved));
    assert_eq!(project.read("docker-compose.yml"), compose);
    project.ok(&["ports"]);
    drop(holder);

    // The preview for people.
    let _holder = Holder::of(&[&format!("tcp 127.0.0.1:{to}")]);
    project.write(
        "compose.yaml",
        &compose.replace(&api.to_string(), &to.to_string()),
    );
    let shown = project.ok(&["ports", "--free", "--dry-run"]);
    assert!(
        shown.ends_with(&format!("compose.yaml:3: names {to}, left alone\n")),
        "{shown}"
    );
}
