//! Instructions that newer MongoDB needs.

use async_trait::async_trait;

use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Avx;

const ABOUT: About = About {
    code: "machine.avx",
    group: Group::Machine,
    title: "this processor lacks AVX, which MongoDB 5 and newer need",
    looks_at: "The flags of the processor in /proc/cpuinfo, where the engine is on this machine, against the tag of\n\
        MongoDB's image.",
    why: "MongoDB ends with exit code 132 and without a word. Old processors, small NAS boxes and virtual machines with\n\
        a generic processor have no AVX.",
    fix: "`images: {mongodb: \"mongo:4.4\"}` in urbania.yaml; or give the virtual machine the host's processor\n\
        (`host` in Proxmox and libvirt); or do without MongoDB: `services: {mongodb: {enabled: false}}`.",
};

#[async_trait]
impl Check for Avx {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let project = site.project()?;
        let Some(seen) = site.engine()?.containers() else {
            return Ok(Vec::new());
        };
        if !project.runs_mongodb() || !seen.is_here() {
            return Ok(Vec::new());
        }
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Ok(judge(&cpuinfo, &project.settings.images.mongodb)
            .into_iter()
            .collect())
    }
}

fn judge(cpuinfo: &str, image: &str) -> Option<Finding> {
    // Other processors call theirs `Features`, and have no AVX to lack.
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags"))?;
    if flags.split_whitespace().any(|flag| flag == "avx") || major(image)? < 5 {
        return None;
    }
    Some(
        Finding::problem(format!("this processor has no AVX, which `{image}` needs"))
            .fix("urbania.yaml: images: {mongodb: \"mongo:4.4\"}")
            .fix("or in a virtual machine: give it the host's processor"),
    )
}

/// The version of an official image's tag; a tag that says none is the newest.
fn major(image: &str) -> Option<u32> {
    let name = image.rsplit('/').next()?;
    let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
    if !name.starts_with("mongo") {
        return None;
    }
    let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
    Some(digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_need_what_old_processors_lack() {
        let old = "processor : 0\nflags\t\t: fpu sse sse4_2\n";
        let new = "flags\t\t: fpu avx avx2\n";
        assert_eq!(judge(new, "mongo:8.0"), None);
        assert!(judge(old, "mongo:8.0").is_some());
        assert!(judge(old, "mongo").is_some());
        assert!(judge(old, "registry.example:5000/library/mongo:5.0.3").is_some());
        assert_eq!(judge(old, "mongo:4.4"), None);
        assert_eq!(judge(old, "ferretdb:2"), None);
        assert_eq!(judge("Features\t: fp asimd\n", "mongo:8.0"), None);
    }
}
