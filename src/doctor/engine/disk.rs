//! Space for images, volumes and records.

use std::path::Path;

use async_trait::async_trait;

use crate::doctor::{About, Blind, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Disk;

const ABOUT: About = About {
    code: "engine.disk",
    group: Group::Engine,
    title: "the disk of the engine or of the project is full",
    looks_at: "Free space where the engine keeps images and volumes, as far as that is on this machine, and in the\n\
        project's folder, where the API has its log and, without MongoDB, its records.",
    why: "A full disk ends MongoDB, fails pulls half-way, and lets the API refuse whatever it must store. LiveKit\n\
        itself goes on, so calls look well while nobody can start one.",
    fix: "`docker system df` shows what takes the space, `docker system prune` gives back what nothing uses.",
};

/// Less is a matter of hours.
const LITTLE: u64 = 1 << 30;
/// Less is none.
const NONE: u64 = 128 << 20;

#[async_trait]
impl Check for Disk {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let mut findings = Vec::new();
        if let Ok(project) = site.project() {
            findings.extend(of(&project.dir, "the project"));
        }
        if let Ok(seen) = site.engine() {
            let here = seen.containers().filter(|containers| containers.is_here());
            if let Some(data) = here
                .map(|here| &here.host.data)
                .filter(|data| data.is_dir())
            {
                findings.extend(of(data, "the engine"));
            }
        } else if site.project().is_err() {
            return Err(Blind::because("there is neither a project nor an engine"));
        }
        Ok(findings)
    }
}

fn of(path: &Path, whose: &str) -> Option<Finding> {
    let stat = rustix::fs::statvfs(path).ok()?;
    judge(path, whose, stat.f_bavail.saturating_mul(stat.f_frsize))
}

fn judge(path: &Path, whose: &str, free: u64) -> Option<Finding> {
    let mebibytes = free >> 20;
    let message = format!(
        "{mebibytes} MiB are free for {whose} in `{}`",
        path.display()
    );
    let finding = match free {
        _ if free < NONE => Finding::problem(message),
        _ if free < LITTLE => Finding::warning(message),
        _ => return None,
    };
    Some(finding.fix("docker system df, then docker system prune"))
}
