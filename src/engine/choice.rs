//! Which engine runs a project where nobody named one.

use crate::config::EngineKind;

/// What there is to choose from. What is not tried, because an earlier one will do, is not looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    /// The container engine that answers and has or can get the images; or why not.
    pub docker: Result<String, String>,
    /// Where the programs are; or what is missing.
    pub native: Result<String, String>,
}

/// The engine for a project, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The engine.
    pub kind: EngineKind,
    /// Why, in a clause.
    pub why: String,
}

/// Docker, else the programs of this machine, else what is built in.
pub fn pick(offers: &Offers) -> Pick {
    let (kind, why) = match (&offers.docker, &offers.native) {
        (Ok(engine), _) => (EngineKind::Docker, format!("{engine} answers")),
        (Err(docker), Ok(programs)) => (EngineKind::Native, format!("{docker}; {programs}")),
        (Err(docker), Err(native)) => (EngineKind::Embedded, format!("{docker}; {native}")),
    };
    Pick { kind, why }
}

impl Pick {
    /// The line that `up` says: which, why, and how to choose another.
    pub fn line(&self) -> String {
        let what = match self.kind {
            EngineKind::Docker => "docker",
            EngineKind::Native => "native",
            EngineKind::Embedded => "embedded, the development SFU",
        };
        let others = [EngineKind::Docker, EngineKind::Native, EngineKind::Embedded]
            .into_iter()
            .filter(|kind| *kind != self.kind)
            .map(EngineKind::as_str);
        let others = others.collect::<Vec<_>>().join("|");
        let why = &self.why;
        format!("engine: {what} ({why}); another: --engine {others}, or `engine:` in urbania.yaml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(docker: Result<&str, &str>, native: Result<&str, &str>) -> Offers {
        let owned = |offer: Result<&str, &str>| offer.map(str::to_owned).map_err(str::to_owned);
        Offers {
            docker: owned(docker),
            native: owned(native),
        }
    }

    #[test]
    fn docker_comes_first_then_programs_then_what_is_built_in() {
        let docker = Ok("Docker 28.2.2");
        let silent = Err("no Docker engine is running");
        let programs = Ok("/usr/bin/livekit-server is there");
        let missing = Err("no `livekit-server` on PATH");
        for (offers, line) in [
            (
                offers(docker, missing),
                "engine: docker (Docker 28.2.2 answers); \
                 another: --engine native|embedded, or `engine:` in urbania.yaml",
            ),
            (
                offers(docker, programs),
                "engine: docker (Docker 28.2.2 answers); \
                 another: --engine native|embedded, or `engine:` in urbania.yaml",
            ),
            (
                offers(silent, programs),
                "engine: native (no Docker engine is running; /usr/bin/livekit-server is there); \
                 another: --engine docker|embedded, or `engine:` in urbania.yaml",
            ),
            (
                offers(silent, missing),
                "engine: embedded, the development SFU (no Docker engine is running; \
                 no `livekit-server` on PATH); \
                 another: --engine docker|native, or `engine:` in urbania.yaml",
            ),
        ] {
            assert_eq!(pick(&offers).line(), line);
        }
    }
}
