//! Images that are there, and for which processor.

use async_trait::async_trait;

use crate::config::Project;
use crate::doctor::{About, Check, Finding, Group, Look, Site};

/// The check.
#[derive(Debug)]
pub struct Images;

const ABOUT: About = About {
    code: "engine.images",
    group: Group::Engine,
    title: "an image is missing, or for another processor",
    looks_at: "Whether the engine has the images of urbania.yaml, and whether they are for its processor.",
    why: "`urbania up` fetches what is missing, which needs a network and time. An image for another processor ends\n\
        with `exec format error`, or runs many times slower in emulation: an SFU in emulation drops media.",
    fix: "`docker pull IMAGE`, with `--platform linux/amd64` or `linux/arm64` where the tag has both; or another image\n\
        under `images:` of urbania.yaml.",
};

#[async_trait]
impl Check for Images {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    async fn look(&self, site: &Site) -> Look {
        let seen = site.engine()?;
        let (Some(engine), Some(about)) = (seen.engine.containers(), seen.containers()) else {
            return Ok(Vec::new());
        };
        let mut findings = Vec::new();
        for image in wanted(site.project()?) {
            let found = engine.image_architecture(image).await?;
            findings.extend(judge(image, found.as_deref(), &about.host.architecture));
        }
        Ok(findings)
    }
}

fn wanted(project: &Project) -> Vec<&str> {
    let settings = &project.settings;
    let mut images = vec![settings.images.livekit.as_str()];
    if project.runs_mongodb() {
        images.push(&settings.images.mongodb);
    }
    images
}

fn judge(image: &str, of_image: Option<&str>, of_engine: &str) -> Option<Finding> {
    let Some(of_image) = of_image else {
        let message = format!("image `{image}` is not on the engine yet; `up` will fetch it");
        return Some(Finding::note(message).fix(format!("docker pull {image}")));
    };
    let (wanted, found) = (common(of_engine), common(of_image));
    if found.is_empty() || wanted.is_empty() || found == wanted {
        return None;
    }
    let message = format!("image `{image}` is for {found}, the engine's processor is {wanted}");
    let way = format!("docker pull --platform linux/{wanted} {image}");
    Some(Finding::problem(message).fix(way))
}

/// Engines and images name processors differently.
fn common(architecture: &str) -> &str {
    match architecture {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "armv7l" => "arm",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn processors_are_compared_whatever_they_are_called() {
        assert_eq!(judge("i:1", Some("amd64"), "x86_64"), None);
        assert_eq!(judge("i:1", Some(""), "x86_64"), None);
        let other = judge("i:1", Some("arm64"), "x86_64").unwrap();
        assert_eq!(other.verdict, Verdict::Problem);
        assert_eq!(other.fix, ["docker pull --platform linux/amd64 i:1"]);
        assert_eq!(judge("i:1", None, "x86_64").unwrap().verdict, Verdict::Note);
    }
}
