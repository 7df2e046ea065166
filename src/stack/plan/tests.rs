use std::path::Path;

use super::*;
use crate::engine::{Form, Network, Runs, Volume};

fn spec(service: Service) -> ServiceSpec {
    ServiceSpec {
        project: "demo".into(),
        dir: "/demo".into(),
        service: service.to_string(),
        name: format!("urbania-demo-{service}"),
        runs: Runs::Image {
            image: format!("{service}:1"),
            network: Network::Host,
        },
        args: Vec::new(),
        env: std::collections::BTreeMap::new(),
        files: Vec::new(),
        volumes: Vec::new(),
    }
}

fn wanted() -> Wanted {
    let services = [Service::Mongodb, Service::Livekit];
    Wanted {
        specs: services.map(|s| (s, spec(s))).to_vec(),
        api: Some("hash".into()),
        complete: true,
    }
}

fn instance(service: Service, state: State) -> Instance {
    let spec = spec(service);
    Instance {
        id: format!("id-of-{}", spec.name),
        name: spec.name.clone(),
        project: spec.project.clone(),
        service: spec.service.clone(),
        dir: spec.dir.clone(),
        form: Form::Container {
            image: format!("{service}:1"),
        },
        config: spec.config_hash(),
        state,
    }
}

fn running() -> Seen {
    Seen {
        instances: vec![
            instance(Service::Mongodb, State::Running),
            instance(Service::Livekit, State::Running),
        ],
        api: Some(ApiSeen {
            pid: 7,
            config: "hash".into(),
        }),
        ..Seen::default()
    }
}

fn lines(wanted: &Wanted, seen: &Seen) -> Vec<String> {
    Plan::up(wanted, seen)
        .steps()
        .into_iter()
        .map(|s| {
            format!("{} {} {}", s.action, s.service, s.detail)
                .trim()
                .to_owned()
        })
        .collect()
}

#[test]
fn a_fresh_project_is_pulled_created_and_started_in_order() {
    let seen = Seen {
        missing_images: ["livekit:1".to_owned()].into(),
        ..Seen::default()
    };
    assert_eq!(
        lines(&wanted(), &seen),
        [
            "pull livekit livekit:1",
            "create mongodb",
            "create livekit",
            "start api"
        ]
    );
}

#[test]
fn up_twice_keeps_everything() {
    let plan = Plan::up(&wanted(), &running());
    assert!(plan.is_empty());
    assert_eq!(
        lines(&wanted(), &running()),
        [
            "keep mongodb urbania-demo-mongodb",
            "keep livekit urbania-demo-livekit",
            "keep api pid 7"
        ]
    );
}

#[test]
fn a_changed_config_recreates_that_service_alone() {
    let mut wanted = wanted();
    wanted.specs[1].1.args = vec!["--config".into()];
    assert_eq!(
        lines(&wanted, &running()),
        [
            "keep mongodb urbania-demo-mongodb",
            "recreate livekit its configuration changed",
            "keep api pid 7"
        ]
    );
}

#[test]
fn the_api_restarts_when_what_it_reads_changed() {
    let mut wanted = wanted();
    wanted.api = Some("other".into());
    assert_eq!(
        lines(&wanted, &running())[2],
        "restart api its configuration changed"
    );
}

#[test]
fn a_stopped_container_is_started_again() {
    let mut seen = running();
    seen.instances[0].state = State::Exited;
    assert_eq!(
        lines(&wanted(), &seen)[0],
        "start mongodb urbania-demo-mongodb"
    );
}

#[test]
fn what_was_never_started_is_made_anew() {
    let mut seen = running();
    seen.instances[1].state = State::Created;
    assert_eq!(
        lines(&wanted(), &seen),
        [
            "remove livekit urbania-demo-livekit: left by an interrupted `up`",
            "keep mongodb urbania-demo-mongodb",
            "create livekit",
            "keep api pid 7"
        ]
    );
}

#[test]
fn the_old_half_of_an_interrupted_replacement_is_replaced() {
    let mut seen = running();
    seen.instances[1].name = "urbania-demo-livekit-before".into();
    assert_eq!(
        lines(&wanted(), &seen)[1],
        "recreate livekit left by an interrupted `up`"
    );
    seen.instances
        .push(instance(Service::Livekit, State::Running));
    assert_eq!(
        lines(&wanted(), &seen),
        [
            "keep mongodb urbania-demo-mongodb",
            "keep livekit urbania-demo-livekit",
            "keep api pid 7",
            "remove livekit urbania-demo-livekit-before: left by an interrupted `up`"
        ]
    );
    // The new half was never proved: should its files be wrong, it is the one to go.
    let mut wanted = wanted();
    wanted.specs[1].1.args = vec!["--config".into()];
    assert_eq!(
        lines(&wanted, &seen),
        [
            "remove livekit urbania-demo-livekit: left by an interrupted `up`",
            "keep mongodb urbania-demo-mongodb",
            "recreate livekit its configuration changed",
            "keep api pid 7"
        ]
    );
}

#[test]
fn a_database_that_was_ended_before_it_was_ready_once_is_made_anew() {
    let mut seen = running();
    seen.unproved = true;
    assert_eq!(
        lines(&wanted(), &seen)[0],
        "keep mongodb urbania-demo-mongodb"
    );
    seen.instances[0].state = State::Exited;
    assert_eq!(
        lines(&wanted(), &seen)[..2],
        [
            "remove mongodb urbania-demo-mongodb: it was ended before it was ready once",
            "create mongodb"
        ]
    );
}

#[test]
fn a_service_that_is_not_wanted_any_more_is_removed_by_a_whole_up_only() {
    let mut wanted = wanted();
    wanted.specs.remove(0);
    assert_eq!(
        lines(&wanted, &running())[0],
        "remove mongodb urbania-demo-mongodb: not part of the project any more"
    );
    wanted.complete = false;
    assert_eq!(
        lines(&wanted, &running())[0],
        "keep livekit urbania-demo-livekit"
    );
}

#[test]
fn the_same_name_in_another_folder_is_refused_whether_it_runs_or_only_has_data() {
    let here = tempfile::tempdir().unwrap();
    let there = tempfile::tempdir().unwrap();
    let refusal = |containers: &Path, volume: &Path| {
        let mut instances = running().instances;
        instances[0].dir = containers.into();
        let volumes = [Volume {
            name: "urbania-demo-mongodb".into(),
            project: "demo".into(),
            dir: volume.into(),
        }];
        refuse_namesake("demo", here.path(), &instances, &volumes)
    };
    let gone = Path::new("/gone");
    let other = format!(
        "another project named `demo` is at `{}`",
        there.path().display()
    );
    let runs = refusal(there.path(), there.path()).unwrap_err();
    assert_eq!(runs.to_string(), other);
    let has_data = refusal(gone, there.path()).unwrap_err();
    assert_eq!(has_data.to_string(), other + ", and its data is kept");
    let as_typed = here
        .path()
        .join("../")
        .join(here.path().file_name().unwrap());
    assert!(refusal(&as_typed, here.path()).is_ok());
    assert!(refusal(gone, gone).is_ok());
}
