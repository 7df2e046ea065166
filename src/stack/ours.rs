//! What of this machine's processes is urbania's: the project's own, and other projects'.

use super::apis::{apis, name_of};
use super::orphans::lost_somewhere;
use super::plan::ApiSeen;
use super::service::Service;
use crate::config::Project;
use crate::context::Env;
use crate::engine::processes::{Processes, folders};
use crate::engine::{Engine as _, Instance};
use crate::host::claims::{Neighbour, Ours};
use crate::host::files::same_folder;

/// The processes of a project, and those of others.
pub async fn ours(project: &Project, api: Option<&ApiSeen>, instances: &[Instance]) -> Ours {
    let api = api.map(|api| (Service::Api.to_string(), api.pid));
    let instances = instances.iter();
    let instances = instances.filter_map(|i| Some((i.service.clone(), i.pid()?)));
    Ours {
        project: project.name.clone(),
        dir: project.dir.clone(),
        processes: api.into_iter().chain(instances).collect(),
        neighbours: neighbours(project).await,
    }
}

/// What cannot be read is a process as any other; what the project at hand has lost is nobody's that it knows.
async fn neighbours(project: &Project) -> Vec<Neighbour> {
    let mut found = Vec::new();
    for dir in folders().await {
        if same_folder(&dir, &project.dir) {
            continue;
        }
        let instances = Processes::of(&dir, &Env::default()).instances(None).await;
        let running = instances.unwrap_or_default().into_iter();
        found.extend(running.filter_map(|i| {
            Some(Neighbour {
                pid: i.pid()?,
                project: i.project,
                service: i.service,
                dir: i.dir,
            })
        }));
    }
    let apis = apis(&Env::default()).await.into_iter();
    let others = apis.filter(|api| !same_folder(&api.dir, &project.dir));
    found.extend(others.map(|api| Neighbour {
        pid: api.pid,
        project: api.project,
        service: Service::Api.to_string(),
        dir: api.dir,
    }));
    let lost = lost_somewhere().await.into_iter();
    found.extend(lost.map(|lost| Neighbour {
        pid: lost.pid,
        project: name_of(&lost.dir, &Env::default()),
        service: lost.service,
        dir: lost.dir,
    }));
    found
}
