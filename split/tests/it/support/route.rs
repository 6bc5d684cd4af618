//! What a service does to follow its data: ask the owner rows, open where it can.
//!
//! In: a refused write. Out: the side to write to now. It works with the rights of the service, never as superuser.

use super::side::Side;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Mutex;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

const LOOKUP: &str =
    "SELECT migration, epoch, is_owner, proof FROM rerp_split.owner WHERE schema_name = current_schema()";

/// Which of two sides is written to, shared by all writers.
pub struct Route {
    pub sides: [Side; 2],
    opens: bool,
    open: AtomicUsize,
    lookups: AtomicU64,
    opened_by_client: AtomicU64,
    asking: Mutex<[Option<Client>; 2]>,
}

struct Owner {
    migration: String,
    is_owner: bool,
    proof: Option<Uuid>,
}

impl Route {
    /// Begins at `sides[open]`.
    pub fn new(sides: [Side; 2], open: usize) -> Self {
        Self {
            sides,
            opens: true,
            open: AtomicUsize::new(open),
            lookups: AtomicU64::new(0),
            opened_by_client: AtomicU64::new(0),
            asking: Mutex::new([None, None]),
        }
    }

    /// A service that can't call `open`: it waits until a worker has opened a side.
    pub fn that_waits(self) -> Self {
        Self { opens: false, ..self }
    }

    /// The side to write to, and the number of the look-up that said so.
    pub fn now(&self) -> (usize, u64) {
        let lookups = self.lookups.load(Ordering::SeqCst);
        (self.open.load(Ordering::SeqCst), lookups)
    }

    /// How often a client, not the worker, opened a side.
    pub fn opened_by_client(&self) -> u64 {
        self.opened_by_client.load(Ordering::SeqCst)
    }

    /// Asks again unless someone has asked since look-up `seen`. One look-up at a time.
    pub async fn ask(&self, seen: u64) {
        let mut clients = self.asking.lock().await;
        if self.lookups.load(Ordering::SeqCst) != seen {
            return;
        }
        let rows = [self.owner(&mut clients, 0).await, self.owner(&mut clients, 1).await];
        if let Some(open) = self.decide(&mut clients, &rows).await {
            self.open.store(open, Ordering::SeqCst);
        }
        self.lookups.fetch_add(1, Ordering::SeqCst);
    }

    async fn decide(&self, clients: &mut [Option<Client>; 2], rows: &[Option<Owner>; 2]) -> Option<usize> {
        if let Some(owner) = rows.iter().position(|row| row.as_ref().is_some_and(|row| row.is_owner)) {
            return Some(owner);
        }
        for (closed, next) in [(0, 1), (1, 0)].into_iter().filter(|_| self.opens) {
            let Some(Owner { migration, proof: Some(proof), .. }) = &rows[closed] else {
                continue;
            };
            let client = self.client(clients, next).await?;
            match client.query_one("SELECT rerp_split.open($1, $2)", &[migration, proof]).await {
                Ok(row) if row.get(0) => {
                    self.opened_by_client.fetch_add(1, Ordering::SeqCst);
                    return Some(next);
                }
                Ok(_) => {}
                Err(_) => clients[next] = None,
            }
        }
        None
    }

    /// The owner row of one side; none if the side can't be asked or has no row.
    async fn owner(&self, clients: &mut [Option<Client>; 2], side: usize) -> Option<Owner> {
        let client = self.client(clients, side).await?;
        match client.query_opt(LOOKUP, &[]).await {
            Ok(row) => row.map(|row| Owner { migration: row.get(0), is_owner: row.get(2), proof: row.get(3) }),
            Err(e) if e.code() == Some(&SqlState::UNDEFINED_TABLE) => None,
            Err(_) => {
                clients[side] = None;
                None
            }
        }
    }

    async fn client<'a>(&self, clients: &'a mut [Option<Client>; 2], side: usize) -> Option<&'a Client> {
        if clients[side].as_ref().is_none_or(Client::is_closed) {
            clients[side] = try_connect(&self.sides[side]).await;
        }
        clients[side].as_ref()
    }
}

/// A connection of the service, or nothing while the server is away.
pub async fn try_connect(side: &Side) -> Option<Client> {
    let (client, connection) = side.app_config().connect(tokio_postgres::NoTls).await.ok()?;
    tokio::spawn(connection);
    Some(client)
}
