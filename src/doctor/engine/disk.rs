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
    fix: "For the engine, `docker system df` shows what takes the space, and `docker system prune` gives back what\n\
        nothing uses. For the project, `du -xh FOLDER` shows it.",
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
            let dir = &project.dir;
            let way = format!(
                "make room on its disk: `df -h {0}`, `du -xh {0} | sort -h`",
                dir.display()
            );
            findings.extend(of(dir, "the project", &way));
        }
        if let Ok(seen) = site.engine() {
            let here = seen.containers().filter(|containers| containers.is_here());
            if let Some(data) = here
                .map(|here| &here.host.data)
                .filter(|data| data.is_dir())
            {
                findings.extend(of(
                    data,
                    "the engine",
                    "docker system df, then docker system prune",
                ));
            }
        } else if site.project().is_err() {
            return Err(Blind::because("there is neither a project nor an engine"));
        }
        Ok(findings)
    }
}

fn of(path: &Path, whose: &str, way: &str) -> Option<Finding> {
    let stat = rustix::fs::statvfs(path).ok()?;
    judge(path, whose, stat.f_bavail.saturating_mul(stat.f_frsize)).map(|finding| finding.fix(way))
}

fn judge(path: &Path, whose: &str, free: u64) -> Option<Finding> {
    let mebibytes = free >> 20;
    let message = format!(
        "{mebibytes} MiB are free for {whose} in `{}`",
        path.display()
    );
    match free {
        _ if free < NONE => Some(Finding::problem(message)),
        _ if free < LITTLE => Some(Finding::warning(message)),
        _ => None,
    }
}
