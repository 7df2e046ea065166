//! Containers and processes of projects that are no more.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::config::STATE_DIR;
use crate::doctor::{About, Check, Finding, Group, Look, Mend, Site};
use crate::engine::Instance;
use crate::host::files::is_gone;
use crate::stack::orphans::{Lost, orphans};

/// The check.
#[derive(Debug)]
pub struct Leftovers;

const ABOUT: About = About {
    code: "engine.leftovers",
    group: Group::Engine,
    title: "containers or processes that their projects do not know any more",
    looks_at: "Every container with urbania's label and every process of a project (an SFU, a MongoDB, an\n\
        `urbania serve`): whether the folder of its project is still there, and whether `.urbania` there names\n\
        the process.",
    why: "They hold ports and memory, and `urbania status` does not show them.",
    fix: "`urbania doctor --fix` removes the containers and ends the processes, after asking; volumes with data stay.\n\
        `urbania down` in a project's folder ends what `.urbania` there has lost, after `git clean -fdx` for\n\
        example; `urbania down --all` does so in every project of the machine that still has a folder.",
};

#[async_trait]
impl Check for Leftovers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let orphans = of_processes(&orphans().await);
        let seen = site.engine()?;
        // Folders of another machine are not here anyway.
        if seen.remote_host().is_some() {
            return Ok(orphans);
        }
        let project = site.project().ok().map(|p| p.name.as_str());
        let gone = seen.instances.iter().filter(|i| {
            i.dir.is_absolute() && is_gone(&i.dir) && Some(i.project.as_str()) != project
        });
        Ok(orphans.into_iter().chain(judge(gone)).collect())
    }
}

/// One finding for each process.
fn of_processes(orphans: &[Lost]) -> Vec<Finding> {
    let told = orphans.iter().map(|lost| {
        let (pid, dir) = (lost.pid, lost.dir.display());
        let (message, fix) = if is_gone(&lost.dir) {
            (
                format!("the folder of a project, `{dir}`, is gone"),
                format!("kill {pid}"),
            )
        } else {
            (
                format!(
                    "the project in `{dir}` has lost a process: nothing in its `{STATE_DIR}` names it"
                ),
                format!("urbania down --project {dir}"),
            )
        };
        Finding::warning(message)
            .evidence(format!("process {pid} of it runs ({})", lost.service))
            .fix(fix)
            .mend(Mend::EndProcess(lost.clone()))
    });
    told.collect()
}

/// One finding for each project.
fn judge<'a>(gone: impl Iterator<Item = &'a Instance>) -> Vec<Finding> {
    let mut projects: BTreeMap<(&str, &PathBuf), Vec<&Instance>> = BTreeMap::new();
    for instance in gone {
        let place = (instance.project.as_str(), &instance.dir);
        projects.entry(place).or_default().push(instance);
    }
    let told = projects.into_iter().map(|((project, dir), instances)| {
        let message = format!(
            "the folder of project `{project}`, `{}`, is gone",
            dir.display()
        );
        let names: Vec<&str> = instances.iter().map(|i| i.name.as_str()).collect();
        let evidence = instances
            .iter()
            .map(|i| format!("container `{}`, {}", i.name, i.state));
        evidence
            .fold(Finding::warning(message), Finding::evidence)
            .fix(format!("docker rm --force {}", names.join(" ")))
            .mend(Mend::RemoveContainers(
                instances
                    .iter()
                    .map(|i| (i.id.clone(), i.name.clone()))
                    .collect(),
            ))
    });
    told.collect()
}
