//! Which side is written to. In: a write that came to nothing. Out: the side to write to now.
//!
//! The engine's writers ask the owner rows, and open where they may, as `docs/split.md` says a service does. A peer's are told by
//! who switches, at once: there is no quicker way, and nobody has it who isn't in the same process.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

const LOOKUP: &str = "SELECT migration, is_owner, proof FROM rerp_split.owner WHERE schema_name = current_schema()";
/// Who is told waits no longer than this before it tries again.
const PATIENCE: Duration = Duration::from_millis(50);

/// How writers learn of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Following {
    /// They ask both sides.
    Owner,
    /// They are told.
    Told,
}

/// See the file's header.
pub(crate) struct Route {
    sides: [Config; 2],
    following: Following,
    open: AtomicUsize,
    lookups: AtomicU64,
    asking: Mutex<[Option<Client>; 2]>,
    told: watch::Sender<usize>,
}

/// Where it is, and how often that had been asked by then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) side: usize,
    lookups: u64,
}

struct Owner {
    migration: String,
    is_owner: bool,
    proof: Option<Uuid>,
}

impl Route {
    /// Begins at the first side.
    pub(crate) fn new(sides: [Config; 2], following: Following) -> Self {
        let (open, lookups) = (AtomicUsize::new(0), AtomicU64::new(0));
        Self { sides, following, open, lookups, asking: Mutex::new([None, None]), told: watch::Sender::new(0) }
    }

    /// Tells everybody.
    pub(crate) fn tell(&self, side: usize) {
        self.open.store(side, Ordering::SeqCst);
        self.told.send_replace(side);
    }

    pub(super) fn side(&self, side: usize) -> &Config {
        let [source, target] = &self.sides;
        if side == 0 { source } else { target }
    }

    pub(super) fn now(&self) -> Seen {
        let lookups = self.lookups.load(Ordering::SeqCst);
        Seen { side: self.open.load(Ordering::SeqCst), lookups }
    }

    /// Finds out where to write, unless somebody has done so since.
    pub(super) async fn follow(&self, seen: Seen) {
        match self.following {
            Following::Owner => self.ask(seen).await,
            Following::Told => {
                let mut told = self.told.subscribe();
                // Whoever isn't told in time tries again where it was.
                let _ = tokio::time::timeout(PATIENCE, told.wait_for(|side| *side != seen.side)).await;
            }
        }
    }

    /// One at a time.
    async fn ask(&self, seen: Seen) {
        let mut clients = self.asking.lock().await;
        if self.lookups.load(Ordering::SeqCst) != seen.lookups {
            return;
        }
        let [source, target] = &mut *clients;
        let rows = [self.owner(source, 0).await, self.owner(target, 1).await];
        if let Some(open) = self.decide(&mut clients, &rows).await {
            self.open.store(open, Ordering::SeqCst);
        }
        self.lookups.fetch_add(1, Ordering::SeqCst);
    }

    async fn decide(&self, clients: &mut [Option<Client>; 2], rows: &[Option<Owner>; 2]) -> Option<usize> {
        if let Some(owner) = rows.iter().position(|row| row.as_ref().is_some_and(|row| row.is_owner)) {
            return Some(owner);
        }
        for (row, next) in rows.iter().zip([1, 0]) {
            let (Some(Owner { migration, proof: Some(proof), .. }), Some(Some(client))) = (row, clients.get(next))
            else {
                continue;
            };
            let opened = client.query_one("SELECT rerp_split.open($1, $2)", &[migration, proof]).await;
            if opened.is_ok_and(|row| row.try_get(0).unwrap_or(false)) {
                return Some(next);
            }
        }
        None
    }

    /// The owner row of one side; none if the side can't be asked or has no row.
    async fn owner(&self, client: &mut Option<Client>, side: usize) -> Option<Owner> {
        if client.as_ref().is_none_or(Client::is_closed) {
            let (opened, connection) = self.side(side).connect(NoTls).await.ok()?;
            tokio::spawn(connection);
            *client = Some(opened);
        }
        let row = client.as_ref()?.query_opt(LOOKUP, &[]).await.ok()??;
        Some(Owner { migration: row.try_get(0).ok()?, is_owner: row.try_get(1).ok()?, proof: row.try_get(2).ok()? })
    }
}
