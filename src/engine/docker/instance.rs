//! Containers as our instances.

use bollard::models::{ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum};
use jiff::Timestamp;

use crate::engine::{Form, Instance, LABEL_CONFIG, LABEL_DIR, LABEL_PROJECT, LABEL_SERVICE, State};

/// Our view of a container; `None` for what does not carry our labels.
pub fn instance(summary: ContainerSummary) -> Option<Instance> {
    let mut labels = summary.labels?;
    let name = summary.names.and_then(|n| n.into_iter().next())?;
    Some(Instance {
        id: summary.id?,
        name: name.trim_start_matches('/').to_owned(),
        project: labels.remove(LABEL_PROJECT)?,
        service: labels.remove(LABEL_SERVICE)?,
        dir: labels.remove(LABEL_DIR).unwrap_or_default().into(),
        config: labels.remove(LABEL_CONFIG).unwrap_or_default(),
        form: Form::Container {
            image: summary.image.unwrap_or_default(),
        },
        state: match summary.state {
            Some(ContainerSummaryStateEnum::CREATED) => State::Created,
            Some(
                ContainerSummaryStateEnum::RUNNING
                | ContainerSummaryStateEnum::RESTARTING
                | ContainerSummaryStateEnum::STOPPING,
            ) => State::Running,
            Some(ContainerSummaryStateEnum::PAUSED) => State::Paused,
            Some(ContainerSummaryStateEnum::EXITED) => State::Exited,
            _ => State::Dead,
        },
    })
}

/// The state of a container, in our words.
pub fn status(status: Option<ContainerStateStatusEnum>) -> State {
    match status {
        Some(ContainerStateStatusEnum::CREATED) => State::Created,
        Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::RESTARTING) => {
            State::Running
        }
        Some(ContainerStateStatusEnum::PAUSED) => State::Paused,
        Some(ContainerStateStatusEnum::EXITED) => State::Exited,
        _ => State::Dead,
    }
}

/// Engines write the year 1 for "never".
pub fn moment(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .filter(|at: &Timestamp| *at > Timestamp::UNIX_EPOCH)
}
