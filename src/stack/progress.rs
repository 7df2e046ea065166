//! Showing how far the pull of an image is: a bar on a terminal, plain lines elsewhere.

use std::collections::HashMap;

use indicatif::{ProgressBar, ProgressStyle};

use super::service::Service;
use crate::engine::{Containers, Progress};
use crate::error::Result;
use crate::output::Output;

/// Fetches an image and shows how far it is.
pub async fn pull(
    engine: &dyn Containers,
    service: Service,
    image: &str,
    out: &Output,
) -> Result<()> {
    if !out.progress() {
        out.say(format_args!("{service}: pulling {image}"));
        engine.pull(image, &mut |_| ()).await?;
        out.say(format_args!("{service}: pulled {image}"));
        return Ok(());
    }
    let bar = ProgressBar::new(0).with_style(style());
    bar.set_prefix(format!("{service}: pulling {image}"));
    let mut layers = Layers::default();
    let done = engine
        .pull(image, &mut |progress| {
            layers.add(progress);
            bar.set_length(layers.total());
            bar.set_position(layers.current());
        })
        .await;
    bar.finish_and_clear();
    done?;
    out.say(format_args!("{service}: pulled {image}"));
    Ok(())
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Bytes of each layer; an engine reports them one by one and in any order.
#[derive(Debug, Default)]
struct Layers(HashMap<String, (u64, u64)>);

impl Layers {
    fn add(&mut self, progress: Progress) {
        // Extraction counts the same bytes again.
        let downloading = progress.status == "Downloading";
        let done = ["Download complete", "Pull complete", "Already exists"]
            .contains(&progress.status.as_str());
        if !downloading && !done {
            return;
        }
        let layer = self.0.entry(progress.layer).or_default();
        if downloading {
            *layer = (progress.current, progress.total);
        } else {
            layer.0 = layer.1;
        }
    }

    fn current(&self) -> u64 {
        self.0.values().map(|(current, _)| current).sum()
    }

    fn total(&self) -> u64 {
        self.0.values().map(|(_, total)| total).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_add_up_and_extraction_does_not_count_again() {
        let mut layers = Layers::default();
        let mut add = |layer: &str, status: &str, current, total| {
            layers.add(Progress {
                layer: layer.into(),
                status: status.into(),
                current,
                total,
            });
        };
        add("a", "Downloading", 10, 100);
        add("b", "Downloading", 5, 50);
        add("a", "Download complete", 0, 0);
        add("a", "Extracting", 3, 100);
        assert_eq!((layers.current(), layers.total()), (105, 150));
    }
}
