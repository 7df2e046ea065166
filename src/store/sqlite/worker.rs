//! The thread on which everything happens to the file.
//!
//! SQLite blocks, and takes one call after the other. So there is one thread for it, and calls queue up for
//! it: what many requests ask at once costs one change of threads, not one each.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::file::{File, OpenError};
use crate::store::StoreError;

/// Callers beyond these wait before they queue up.
const MOST_WAITING: usize = 256;

type Job = Box<dyn FnOnce(&mut File) + Send>;

/// The thread, started when it is first needed. The file is closed when this is dropped.
#[derive(Debug, Default)]
pub struct Worker(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// What `f` makes of the file at `path`.
    pub async fn call<T: Send + 'static>(
        &self,
        path: &Path,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel::<Result<T, OpenError>>();
        let job = Box::new(move |file: &mut File| {
            // Whoever asked may have gone.
            let _ = answer.send(file.call(f));
        });
        let jobs = self
            .jobs(path)
            .map_err(|e| StoreError::Unavailable(e.into()))?;
        let broken = || StoreError::Unavailable("a call into the store broke off".into());
        jobs.send(job).await.map_err(|_| broken())?;
        Ok(answered.await.map_err(|_| broken())??)
    }

    fn jobs(&self, path: &Path) -> io::Result<mpsc::Sender<Job>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Running { jobs, .. }) = &*running {
            return Ok(jobs.clone());
        }
        let (jobs, queue) = mpsc::channel(MOST_WAITING);
        let file = File::new(path);
        let thread = std::thread::Builder::new()
            .name("sqlite".into())
            .spawn(move || work(file, queue))?;
        *running = Some(Running {
            jobs: jobs.clone(),
            thread,
        });
        Ok(jobs)
    }
}

fn work(mut file: File, mut queue: mpsc::Receiver<Job>) {
    while let Some(job) = queue.blocking_recv() {
        if catch_unwind(AssertUnwindSafe(|| job(&mut file))).is_err() {
            file.close();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let running = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Running { jobs, thread }) = running.take() {
            drop(jobs);
            let _ = thread.join();
        }
    }
}
