//! Stopping a project, in the reverse of the order in which it starts.

use std::path::{Path, PathBuf};
use std::{fs, io};

use futures_util::future::try_join_all;

use super::api::ApiFiles;
use super::orphans::Lost;
use super::plan::Step;
use super::service::Service;
use super::stop::stop;
use super::unproved::Unproved;
use crate::config::{Project, STATE_DIR};
use crate::context::Context;
use crate::engine::{Engine, Instance, State, Volume};
use crate::error::{Context as _, Result};

/// What is to be stopped of one project.
#[derive(Clone, Debug, Default)]
pub struct Down {
    /// The project's name.
    pub project: String,
    /// Its folder.
    pub dir: PathBuf,
    /// The process of its API.
    pub api: Option<u32>,
    /// Its other services in the order in which they are stopped.
    pub instances: Vec<Instance>,
    /// Its processes that its state does not name.
    pub lost: Vec<Lost>,
    /// The volumes that are deleted.
    pub volumes: Vec<Volume>,
    /// The files of the store that are deleted.
    pub records: Vec<PathBuf>,
}

impl Down {
    /// Decides what stops: `services` of the project, or all that is there if there are none.
    pub fn new(
        project: &str,
        dir: &Path,
        services: &[Service],
        instances: &[Instance],
        api: Option<u32>,
    ) -> Self {
        let concerned = |name: &str| {
            services.is_empty() || services.iter().any(|service| service.as_str() == name)
        };
        let mut instances: Vec<Instance> = (instances.iter())
            .filter(|i| i.project == project && concerned(&i.service))
            .cloned()
            .collect();
        instances.sort_by_key(|i| std::cmp::Reverse(place(&i.service)));
        Self {
            project: project.to_owned(),
            dir: dir.to_path_buf(),
            api: api.filter(|_| concerned(Service::Api.as_str())),
            instances,
            lost: Vec::new(),
            volumes: Vec::new(),
            records: Vec::new(),
        }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.api.is_none()
            && self.instances.is_empty()
            && self.lost.is_empty()
            && self.volumes.is_empty()
            && self.records.is_empty()
    }

    /// What will be done, as lines.
    pub fn steps(&self) -> Vec<Step> {
        let api = self
            .api
            .map(|pid| Step::new("stop", Service::Api, format!("pid {pid}")));
        let lost = (self.lost.iter())
            .map(|lost| Step::new("stop", lost.service.as_str(), format!("pid {}", lost.pid)));
        let instances = self.instances.iter().flat_map(|i| {
            let stop = (i.state == State::Running)
                .then(|| Step::new("stop", i.service.as_str(), i.handle()));
            stop.into_iter()
                .chain([Step::new("remove", i.service.as_str(), i.name.as_str())])
        });
        let volumes = self
            .volumes
            .iter()
            .map(|v| Step::new("delete", Service::Mongodb, format!("volume {}", v.name)));
        let records = (self.records.iter())
            .map(|file| Step::new("delete", Service::Api, format!("{}", file.display())));
        let stops = lost.chain(api).chain(instances);
        stops.chain(volumes).chain(records).collect()
    }

    /// Does it. `project` is there when its files can be read.
    pub async fn apply(
        &self,
        ctx: &Context,
        engine: &dyn Engine,
        project: Option<&Project>,
    ) -> Result<()> {
        end(ctx, &self.lost).await?;
        if self.api.is_some() {
            ctx.out.say(format_args!("stopping {}", Service::Api));
            let files = ApiFiles::at(&self.dir);
            files.stop().await?;
        }
        for instance in &self.instances {
            if [State::Running, State::Paused].contains(&instance.state) {
                ctx.out.say(format_args!("stopping {}", instance.service));
                stop(ctx, engine, project, instance).await?;
            }
        }
        try_join_all(self.instances.iter().map(|i| engine.remove(&i.id))).await?;
        for volume in &self.volumes {
            ctx.out.say(format_args!("deleting volume {}", volume.name));
            engine.remove_volume(&volume.name).await?;
            let unproved = Unproved::in_state_dir(&self.dir.join(STATE_DIR));
            if unproved.names(&volume.name) {
                unproved.clear()?;
            }
        }
        for file in &self.records {
            ctx.out.say(format_args!("deleting {}", file.display()));
            remove(file).or_fail(|| format!("cannot delete `{}`", file.display()))?;
        }
        Ok(())
    }
}

/// Ends what the state of a project does not name.
pub async fn end(ctx: &Context, lost: &[Lost]) -> Result<()> {
    for process in lost {
        let Lost { service, pid, .. } = process;
        ctx.out.say(format_args!(
            "stopping {service}: process {pid}, which {STATE_DIR} has lost"
        ));
        process.end().await?;
    }
    Ok(())
}

/// Removes a file that may be gone: the store removes some itself when it is closed.
fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Where a service stands in the order of starting; what we do not know is stopped first.
fn place(service: &str) -> usize {
    Service::ALL
        .iter()
        .position(|s| s.as_str() == service)
        .unwrap_or(Service::ALL.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Form;

    fn instance(project: &str, service: &str, state: State) -> Instance {
        Instance {
            id: format!("{project}-{service}"),
            name: format!("urbania-{project}-{service}"),
            project: project.into(),
            service: service.into(),
            dir: "/p".into(),
            form: Form::Container { image: "i".into() },
            config: "c".into(),
            state,
        }
    }

    fn lines(down: &Down) -> Vec<String> {
        down.steps()
            .into_iter()
            .map(|s| format!("{} {} {}", s.action, s.service, s.detail))
            .collect()
    }

    #[test]
    fn services_stop_in_reverse_and_other_projects_are_left_alone() {
        let there = [
            instance("demo", "mongodb", State::Running),
            instance("demo", "livekit", State::Running),
            instance("other", "livekit", State::Running),
        ];
        let mut down = Down::new("demo", Path::new("/p"), &[], &there, Some(7));
        down.volumes = vec![Volume {
            name: "urbania-demo-mongodb".into(),
            project: "demo".into(),
            dir: "/p".into(),
        }];
        assert_eq!(
            lines(&down),
            [
                "stop api pid 7",
                "stop livekit urbania-demo-livekit",
                "remove livekit urbania-demo-livekit",
                "stop mongodb urbania-demo-mongodb",
                "remove mongodb urbania-demo-mongodb",
                "delete mongodb volume urbania-demo-mongodb"
            ]
        );
    }

    #[test]
    fn the_files_of_the_store_go_last() {
        let down = Down {
            records: vec!["/p/.urbania/urbania.db".into()],
            ..Down::new("demo", Path::new("/p"), &[], &[], Some(7))
        };
        assert_eq!(
            lines(&down),
            ["stop api pid 7", "delete api /p/.urbania/urbania.db"]
        );
        assert!(!Down { api: None, ..down }.is_empty());
    }

    #[test]
    fn only_the_services_named_stop() {
        let there = [
            instance("demo", "mongodb", State::Exited),
            instance("demo", "livekit", State::Running),
        ];
        let down = Down::new(
            "demo",
            Path::new("/p"),
            &[Service::Mongodb],
            &there,
            Some(7),
        );
        assert_eq!(lines(&down), ["remove mongodb urbania-demo-mongodb"]);
    }
}
