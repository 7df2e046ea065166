//! MongoDB works when it answers `hello`, then a `ping` of our own user.

use std::io;
use std::time::Duration;

use mongodb::bson::{self, Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::{ClientOptions, ConnectionString};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Unhealthy;
use crate::error::Error;

/// The code of MongoDB for a wrong user or password.
const AUTHENTICATION_FAILED: i32 = 18;
/// Longer answers to `hello` are somebody else's.
const LONGEST_ANSWER: usize = 1 << 20;
const OP_MSG: i32 = 2013;

/// What a database knows of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// It has been ready before.
    Kept,
    /// It is just being made, and the user with it.
    Fresh,
    /// It is just being made, and the user is to be made by us: as long as there is none, MongoDB lets
    /// whoever comes from its own machine do that.
    Bare,
}

/// Asks whether MongoDB on `port` of this machine serves the user of `uri`.
pub async fn probe(uri: &SecretString, port: u16, data: Data) -> Result<(), Unhealthy> {
    // The driver waits half a second after each failure, so the door is knocked at by hand.
    hello(port).await.map_err(|e| {
        Unhealthy::NotYet(match e.kind() {
            io::ErrorKind::ConnectionRefused => "nobody answers yet".to_owned(),
            _ => format!("it does not speak yet ({e})"),
        })
    })?;
    let Err(e) = ping(uri).await else {
        return Ok(());
    };
    match (is_wrong_password(&e), data) {
        (true, Data::Kept) => Err(Unhealthy::Wrong(wrong_password())),
        (true, Data::Bare) => make_user(uri, port)
            .await
            .map_err(|e| Unhealthy::not_yet(described(&e))),
        (false, _) | (true, Data::Fresh) => Err(Unhealthy::not_yet(described(&e))),
    }
}

/// A `ping` with our own credentials: the driver proves them before it sends anything else.
async fn ping(uri: &SecretString) -> mongodb::error::Result<()> {
    let parsed = ConnectionString::parse(uri.expose_secret())?;
    run(ClientOptions::parse(parsed).await?, doc! {"ping": 1}).await
}

/// Makes the user of `uri`, without credentials.
async fn make_user(uri: &SecretString, port: u16) -> mongodb::error::Result<()> {
    let ours = ConnectionString::parse(uri.expose_secret())?.credential;
    let (name, password) = ours
        .and_then(|c| Some((c.username?, c.password?)))
        .unwrap_or_default();
    let nobody = ClientOptions::parse(format!("mongodb://127.0.0.1:{port}/?directConnection=true"));
    let command = doc! {"createUser": name, "pwd": password, "roles": ["root"]};
    run(nobody.await?, command).await
}

async fn run(mut options: ClientOptions, command: Document) -> mongodb::error::Result<()> {
    options.server_selection_timeout = Some(Duration::from_secs(2));
    options.connect_timeout = Some(Duration::from_secs(2));
    options.app_name = Some("urbania".to_owned());
    let client = mongodb::Client::with_options(options)?;
    let done = client
        .database("admin")
        .run_command(command)
        .await
        .map(drop);
    client.shutdown().immediate(true).await;
    done
}

/// Whether the server knows another password.
pub fn is_wrong_password(e: &mongodb::error::Error) -> bool {
    match e.kind.as_ref() {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(command) => command.code == AUTHENTICATION_FAILED,
        _ => false,
    }
}

/// The driver's errors may quote addresses at length; the kind is enough for a line.
fn described(e: &mongodb::error::Error) -> String {
    match e.kind.as_ref() {
        ErrorKind::ServerSelection { .. } => "it does not accept our connection yet".to_owned(),
        ErrorKind::Command(command) => command.message.clone(),
        _ => "it does not answer yet".to_owned(),
    }
}

/// The password of `.env` is not the one that the data was made with.
fn wrong_password() -> Error {
    Error::failed(
        "MongoDB refuses the password of MONGODB_URI: its volume was made with another one",
    )
    .hint("to keep the data, put the password that it was made with into MONGODB_URI in .env")
    .hint("delete the data: urbania down --volumes, then urbania up")
}

/// `hello` over the wire, without credentials.
async fn hello(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(&request()?).await?;
    let mut header = [0; 16];
    stream.read_exact(&mut header).await?;
    let length = i32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let length = usize::try_from(length)
        .ok()
        .filter(|n| (header.len()..LONGEST_ANSWER).contains(n))
        .ok_or_else(|| io::Error::other("not MongoDB's protocol"))?;
    let mut body = vec![0; length - header.len()];
    stream.read_exact(&mut body).await?;
    // Flags and the kind of the section stand before the document.
    let answer = body
        .get(5..)
        .and_then(|document| Document::from_reader(document).ok())
        .ok_or_else(|| io::Error::other("not an answer to hello"))?;
    match answer.get("ok").and_then(as_number) {
        Some(ok) if ok > 0.0 => Ok(()),
        _ => Err(io::Error::other("hello failed")),
    }
}

fn as_number(value: &bson::Bson) -> Option<f64> {
    value.as_f64().or_else(|| value.as_i32().map(f64::from))
}

/// An OP_MSG with one document.
fn request() -> io::Result<Vec<u8>> {
    let document = doc! {"hello": 1, "$db": "admin"}
        .to_vec()
        .map_err(io::Error::other)?;
    let length = i32::try_from(16 + 5 + document.len()).map_err(io::Error::other)?;
    let mut message = Vec::new();
    for number in [length, 1, 0, OP_MSG, 0] {
        message.extend(number.to_le_bytes());
    }
    message.push(0);
    message.extend(document);
    Ok(message)
}
