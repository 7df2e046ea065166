//! A line to a server that can be cut: a TCP proxy which lets so many bytes of answers through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy on loopback.
#[derive(Debug)]
pub struct CutLine {
    /// Its port on 127.0.0.1.
    pub port: u16,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    /// The server's port.
    to: u16,
    /// So many bytes of answers pass.
    left: AtomicI64,
    is_cut: AtomicBool,
    /// Whether one connection is dropped then and all others live.
    once: bool,
    /// Whether nothing passes at all.
    down: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl CutLine {
    /// Forwards to `port`; after `bytes` of answers, every connection is dropped.
    pub fn to(port: u16, bytes: i64) -> Self {
        Self::start(port, bytes, false)
    }

    /// Forwards to `port`; the connection that has `bytes` of answers passed is dropped in the midst of
    /// them, and no other.
    pub fn cut_once(port: u16, bytes: i64) -> Self {
        Self::start(port, bytes, true)
    }

    fn start(to: u16, bytes: i64, once: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line {
            to,
            left: AtomicI64::new(bytes),
            is_cut: AtomicBool::new(false),
            once,
            down: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let line = Arc::clone(&accepting);
                thread::spawn(move || line.carry(&client));
            }
        });
        Self { port, line }
    }

    /// Whether the bytes have been used up.
    pub fn is_cut(&self) -> bool {
        self.line.is_cut.load(Ordering::SeqCst)
    }

    /// From now on nothing passes, neither way.
    pub fn cut(&self) {
        let mut open = self.line.open.lock().unwrap();
        self.line.down.store(true, Ordering::SeqCst);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// From now on everything passes.
    pub fn mend(&self) {
        self.line.left.store(i64::MAX, Ordering::SeqCst);
        self.line.down.store(false, Ordering::SeqCst);
    }
}

impl Line {
    fn carry(&self, client: &TcpStream) {
        let Some(server) = self.open(client) else {
            return;
        };
        let (mut asking, mut asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut asking, &mut asked));
        let (mut from, mut to) = (&server, client);
        let mut piece = [0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut piece) {
            let length = i64::try_from(n).unwrap();
            let is_last = self.left.fetch_sub(length, Ordering::SeqCst) < length;
            if is_last || to.write_all(&piece[..n]).is_err() {
                self.is_cut.fetch_or(is_last, Ordering::SeqCst);
                if is_last && self.once {
                    self.left.store(i64::MAX, Ordering::SeqCst);
                }
                break;
            }
        }
        for end in [&server, client] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// A connection to the server for a client's, unless the line is down.
    fn open(&self, client: &TcpStream) -> Option<TcpStream> {
        let mut open = self.open.lock().unwrap();
        if self.down.load(Ordering::SeqCst) {
            return None;
        }
        let server = TcpStream::connect(("127.0.0.1", self.to)).ok()?;
        open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
        Some(server)
    }
}
