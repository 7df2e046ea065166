//! The thread on which everything happens to the file.
//!
//! SQLite blocks, and takes one call after the other. So there is one thread for it, and calls queue up for
//! it. Calls that only read and wait together share one snapshot and are answered together: what many
//! requests ask at once costs one lock and one change of threads, not one each.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::file::{File, OpenError};
use crate::store::StoreError;

/// Callers beyond these wait before they queue up.
const MOST_WAITING: usize = 256;

/// So many calls that wait are taken at once.
const MOST_AT_ONCE: usize = 32;

/// A call on its way to the thread.
struct Job {
    reads: bool,
    run: Box<dyn FnOnce(&mut File) -> Answer + Send>,
}

/// Tells whoever asked.
type Answer = Box<dyn FnOnce() + Send>;

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
    pub async fn write<T: Send + 'static>(
        &self,
        path: &Path,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let since = Instant::now();
        self.call(path, false, move |file| file.write(since, f))
            .await
    }

    /// What `f` finds in the file at `path`.
    pub async fn read<T: Send + 'static>(
        &self,
        path: &Path,
        f: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(path, true, |file| file.read(f)).await
    }

    async fn call<T: Send + 'static>(
        &self,
        path: &Path,
        reads: bool,
        f: impl FnOnce(&mut File) -> Result<T, OpenError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let run = Box::new(move |file: &mut File| -> Answer {
            let done = f(file);
            // Whoever asked may have gone.
            Box::new(move || drop(answer.send(done)))
        });
        let job = Job { reads, run };
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
    let mut jobs = Vec::with_capacity(MOST_AT_ONCE);
    let mut answers = Vec::with_capacity(MOST_AT_ONCE);
    while queue.blocking_recv_many(&mut jobs, MOST_AT_ONCE) > 0 {
        for Job { reads, run } in jobs.drain(..) {
            // A change may take long: it neither waits for answers, nor they for it.
            if !reads {
                settle(&mut file, &mut answers);
            }
            match catch_unwind(AssertUnwindSafe(|| run(&mut file))) {
                Ok(answer) => answers.push(answer),
                Err(_) => file.close(),
            }
            if !reads {
                settle(&mut file, &mut answers);
            }
        }
        settle(&mut file, &mut answers);
    }
}

/// Ends the snapshot and tells what was found in it.
fn settle(file: &mut File, answers: &mut Vec<Answer>) {
    file.let_go();
    for answer in answers.drain(..) {
        answer();
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
