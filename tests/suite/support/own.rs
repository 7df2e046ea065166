//! A process that a test has started.

use std::process::{Child, Command};

/// Ends with the value.
pub struct Own(pub Child);

impl Own {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
