//! The network before one server: every byte between worker and server, and between the servers, passes here, or doesn't.
//!
//! In: a server's port. Out: a port of our own on loopback, and the power to cut or to stall what comes by it, told apart by who
//! connects: a subscription's role, or anybody else, who is the worker. Clients of the service don't come by here.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Which way is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// From the other side's server.
    Between,
    /// From the worker.
    Worker,
}

/// What passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    Cut(Link),
    Stalled(Link),
}

/// A way to one server.
pub struct Wire {
    port: u16,
    state: Arc<watch::Sender<State>>,
    task: JoinHandle<()>,
}

/// Code of a startup message that asks for encryption first: SSLRequest and GSSENCRequest.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];
/// What names the role of a subscription in a startup message.
const REPLICATION_ROLE: &[u8] = b"rerp_repl_";
const LONGEST_STARTUP: usize = 10_000;
/// What nobody begins to say is no connection.
const STARTUP_LIMIT: Duration = Duration::from_secs(60);

impl Wire {
    /// Listens, and leads to `to`.
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::Sender::new(State::Whole));
        let states = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, to, states.subscribe()));
            }
        });
        Self { port, state, task }
    }

    /// Where to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends the connections of `link`, and refuses others.
    pub fn cut(&self, link: Link) {
        self.state.send_replace(State::Cut(link));
    }

    /// Lets nothing of `link` pass.
    pub fn stall(&self, link: Link) {
        self.state.send_replace(State::Stalled(link));
    }

    /// Lets everything pass again.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut client: TcpStream, to: u16, states: watch::Receiver<State>) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", to)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let link = tokio::time::timeout(STARTUP_LIMIT, greet(&mut client, &mut server, &states)).await??;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut until = states.clone();
    tokio::select! {
        _ = pass(from_client, to_server, link, states.clone()) => {}
        _ = pass(from_server, to_client, link, states.clone()) => {}
        _ = until.wait_for(|state| *state == State::Cut(link)) => {}
    }
    Ok(())
}

/// Hands the startup message on, with what comes before it; whose connection it is. One that is cut or stalled gets no further.
async fn greet(client: &mut TcpStream, server: &mut TcpStream, states: &watch::Receiver<State>) -> io::Result<Link> {
    loop {
        let length = client.read_u32().await?;
        let rest = (length as usize).checked_sub(4).filter(|rest| (4..LONGEST_STARTUP).contains(rest));
        let mut message = vec![0; rest.ok_or(io::ErrorKind::InvalidData)?];
        client.read_exact(&mut message).await?;
        let is_encryption = ENCRYPTION.iter().any(|code| message == code.to_be_bytes());
        let is_role = message.windows(REPLICATION_ROLE.len()).any(|part| part == REPLICATION_ROLE);
        let link = if is_role { Link::Between } else { Link::Worker };
        if !is_encryption {
            if *states.borrow() == State::Cut(link) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let _ = states.clone().wait_for(|state| *state != State::Stalled(link)).await;
        }
        server.write_u32(length).await?;
        server.write_all(&message).await?;
        if !is_encryption {
            return Ok(link);
        }
        let answer = server.read_u8().await?;
        client.write_u8(answer).await?;
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    link: Link,
    mut states: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        // The sender lives as long as there is anything to carry.
        let _ = states.wait_for(|state| *state != State::Stalled(link)).await;
        to.write_all(&buffer[..count]).await?;
    }
}
