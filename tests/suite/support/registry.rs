//! A real registry on loopback: Debian's `docker-registry`, on a port that it chooses.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::docker::docker;

/// Who may log in to a registry that asks, and the password that is right.
pub const LOGIN: (&str, &str) = ("ada", "the right password");
/// bcrypt of that password, at the lowest cost.
const HASH: &str = "$2b$04$FeL/6k1/T.ms.8I4yeX53OkiWcO1hIm5VXyiGSa4Ew21VEHcEPmm6";

/// A registry that ends with the value.
pub struct Registry {
    /// Its port on 127.0.0.1.
    pub port: u16,
    child: Child,
    dir: TempDir,
}

impl Registry {
    /// One that lets everybody pull and push.
    pub fn start() -> Self {
        Self::start_with(|_| String::new())
    }

    /// One that only [`LOGIN`] may use.
    pub fn with_login() -> Self {
        Self::start_with(|dir| {
            let users = dir.join("users");
            fs::write(&users, format!("{}:{HASH}\n", LOGIN.0)).unwrap();
            let users = users.display();
            format!("auth: {{htpasswd: {{realm: tests, path: '{users}'}}}}\n")
        })
    }

    fn start_with(more: impl FnOnce(&Path) -> String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.yml");
        let data = dir.path().join("data");
        let yaml = format!(
            "version: 0.1\n\
             log: {{level: info, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: '{}'}}}}\n\
             http: {{addr: '127.0.0.1:0'}}\n",
            data.display()
        );
        fs::write(&config, yaml + &more(dir.path())).unwrap();
        // Ends with this thread even if the whole test binary is killed.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "docker-registry", "serve"])
            .arg(&config)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("`docker-registry` is installed; scripts/setup installs it");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| port_of(&line))
            .expect("the registry says where it listens");
        // It would end if nobody took its talk.
        std::thread::spawn(move || lines.for_each(drop));
        Self { port, child, dir }
    }

    /// The name under which this registry knows an image.
    pub fn name(&self, image: &str) -> String {
        format!("127.0.0.1:{}/{image}", self.port)
    }

    /// Puts an image of the engine into the registry under another name, which the engine forgets.
    pub fn push(&self, local: &str, image: &str) -> String {
        let name = self.name(image);
        docker(&["tag", local, &name]);
        let client = self.client(LOGIN.1);
        docker(&[
            "--config",
            client.path().to_str().unwrap(),
            "push",
            "--quiet",
            &name,
        ]);
        docker(&["rmi", &name]);
        name
    }

    /// A folder for `DOCKER_CONFIG` as `docker login` with this password would leave it.
    pub fn client(&self, password: &str) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let auth = STANDARD.encode(format!("{}:{password}", LOGIN.0));
        let config = format!(
            r#"{{"auths": {{"127.0.0.1:{}": {{"auth": "{auth}"}}}}}}"#,
            self.port
        );
        fs::write(dir.path().join("config.json"), config).unwrap();
        dir
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `… msg="listening on 127.0.0.1:43211" …`
fn port_of(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("listening on 127.0.0.1:")?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
