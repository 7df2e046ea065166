//! A line to a server that can be cut: a TCP proxy which lets so many bytes of answers through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

/// A proxy on loopback.
pub struct CutLine {
    /// Its port on 127.0.0.1.
    pub port: u16,
    left: Arc<AtomicI64>,
}

impl CutLine {
    /// Forwards to `port`; after `bytes` of answers, every connection is dropped.
    pub fn to(port: u16, bytes: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            left: Arc::new(AtomicI64::new(bytes)),
        };
        let left = Arc::clone(&line.left);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let left = Arc::clone(&left);
                thread::spawn(move || carry(&client, port, &left));
            }
        });
        line
    }

    /// Whether the line has been cut.
    pub fn is_cut(&self) -> bool {
        self.left.load(Ordering::Relaxed) <= 0
    }

    /// From now on everything passes.
    pub fn mend(&self) {
        self.left.store(i64::MAX, Ordering::Relaxed);
    }
}

fn carry(client: &TcpStream, port: u16, left: &AtomicI64) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let (mut asking, mut asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut asking, &mut asked));
    let (mut from, mut to) = (&server, client);
    let mut piece = [0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut piece) {
        let length = i64::try_from(n).unwrap();
        if left.fetch_sub(length, Ordering::Relaxed) < length || to.write_all(&piece[..n]).is_err()
        {
            break;
        }
    }
    for end in [&server, client] {
        let _ = end.shutdown(Shutdown::Both);
    }
}
