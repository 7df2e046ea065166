//! Somebody in a room as far as the SFU is concerned: the signalling connection stays open.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::project::TestProject;

/// Joins a room of a project.
pub fn join(project: &TestProject) -> TcpStream {
    let token = project.ok(&["token", "create", "--room", "room", "--identity", "anna"]);
    let mut stream = TcpStream::connect(("127.0.0.1", project.ports.livekit())).unwrap();
    let request = format!(
        "GET /rtc?protocol=9&access_token={} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        token.trim()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    stream
}
