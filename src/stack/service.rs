//! The services of a project, in the order in which they start.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::config::Project;
use crate::error::{Error, Result};

/// A service of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The database.
    Mongodb,
    /// The SFU.
    Livekit,
    /// The token API, a detached process of this very program.
    Api,
}

impl Service {
    /// All of them, in the order in which they start.
    pub const ALL: [Self; 3] = [Self::Mongodb, Self::Livekit, Self::Api];

    /// The name on the command line, in labels and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mongodb => "mongodb",
            Self::Livekit => "livekit",
            Self::Api => "api",
        }
    }

    /// Whether it is on this machine; the API always is.
    pub fn is_here(self, engine_is_elsewhere: bool) -> bool {
        self == Self::Api || !engine_is_elsewhere
    }

    /// The services that the project wants, in the order in which they start.
    pub fn wanted(project: &Project) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|s| *s != Self::Mongodb || project.runs_mongodb())
            .collect()
    }

    /// What a command is about: the services named, or all that the project wants.
    pub fn selected(named: &[Self], project: &Project) -> Result<Vec<Self>> {
        let wanted = Self::wanted(project);
        if let Some(left_out) = named.iter().find(|s| !wanted.contains(s)) {
            return Err(left_out_of(project, *left_out));
        }
        Ok(wanted
            .into_iter()
            .filter(|s| named.is_empty() || named.contains(s))
            .collect())
    }
}

fn left_out_of(project: &Project, service: Service) -> Error {
    if project.settings.services.mongodb.enabled {
        return Error::usage(format!("the embedded engine runs no `{service}`"))
            .hint("users and rooms are in .urbania/urbania.db")
            .hint("another engine: urbania down, then urbania up --engine docker or native");
    }
    Error::usage(format!("`{service}` is disabled in this project")).hint(format!(
        "urbania.yaml: services: {{{service}: {{enabled: true}}}}"
    ))
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Service> for String {
    fn from(service: Service) -> Self {
        service.as_str().to_owned()
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(text: &str) -> std::result::Result<Self, UnknownService> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| UnknownService(nearest(text)))
    }
}

fn nearest(text: &str) -> Option<Service> {
    Service::ALL
        .into_iter()
        .map(|s| (strsim::damerau_levenshtein(s.as_str(), text), s))
        .filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, s)| s)
}

/// There is no service of that name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the services are mongodb, livekit and api{}", .0.map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
pub struct UnknownService(Option<Service>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_service_is_told_its_name() {
        assert_eq!("livekit".parse(), Ok(Service::Livekit));
        assert_eq!(
            "mongo".parse::<Service>().unwrap_err().to_string(),
            "the services are mongodb, livekit and api; did you mean `mongodb`?"
        );
        assert_eq!(
            "redis-cluster".parse::<Service>().unwrap_err().to_string(),
            "the services are mongodb, livekit and api"
        );
    }
}
