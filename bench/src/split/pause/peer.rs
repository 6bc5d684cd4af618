//! Ways to switch that are in use, each as well as it can be done: no pause between two looks, writers that are told at once. In: a way.
//! Out: so many switches, each with a fresh native stream.

use std::thread::sleep;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

use super::super::pair::{WRITTEN, database, empty};
use super::super::writers::{Following, Writers};
use super::super::{Error, native};
use super::{AFTER, APPLIED, FLUSHED, MISSING, ROLE, Scene, Switch, note};
use crate::board::Board;
use crate::postgres::Server;

const DATABASE: &str = "switched";
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(1);
/// Longest time of what is waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// Tables as they were before anybody wrote, identifiers included.
const RESET: &str = "TRUNCATE item, entry RESTART IDENTITY; INSERT INTO item SELECT generate_series(1, 10000)";
const CLOSED: &str = "REVOKE ALL ON item, entry FROM svc_app";
const OPEN: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON item, entry TO svc_app";
const LOCK: &str = "BEGIN; SET LOCAL lock_timeout = '100ms'; SET LOCAL deadlock_timeout = '20ms'; LOCK TABLE item, entry IN EXCLUSIVE MODE";
const LOCKED_OUT: &str = "ALTER ROLE svc_app_a NOLOGIN";
const LET_IN: &str = "ALTER ROLE svc_app_a LOGIN";
/// Gives how many there were.
const END_SESSIONS: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'svc_app_a'";

/// How writers are kept away while the target gets the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    /// Tables are locked, then rights are taken away; the target has to have everything on its disk.
    Flushed,
    /// The same, except that the target may still lose what it has.
    Applied,
    /// The role can't log in, and its sessions are ended; the target has to have everything on its disk.
    Role,
}

/// Superusers at both sides; a lock is held by a session of its own.
struct Hands {
    source: Client,
    lock: Client,
    target: Client,
}

/// So many switches of a round.
pub(super) fn switches(scene: &Scene<'_>, fence: Fence, board: &mut Board) -> Result<(), Error> {
    let pair = scene.pair;
    database(&pair.source, DATABASE, &[WRITTEN])?;
    empty(&pair.target, DATABASE)?;
    native::schema(pair, DATABASE)?;
    let hands = Hands {
        source: connect(scene, &pair.source)?,
        lock: connect(scene, &pair.source)?,
        target: connect(scene, &pair.target)?,
    };
    let mut missing = 0.0;
    for _ in 0..scene.args.cutovers {
        begin(scene, fence)?;
        let writers = scene.writers(DATABASE, Following::Told)?;
        note(board, fence.name(), &switch(scene, fence, &hands, &writers)?);
        missing += scene.missing(&pair.target, DATABASE, writers.stop(scene.runtime)?)?;
        native::end(pair, DATABASE)?;
        pair.source.ask("postgres", LET_IN)?;
        pair.target.ask("postgres", LET_IN)?;
    }
    board.add(fence.name(), MISSING, missing);
    Ok(())
}

/// A side with what nobody has written to yet, open; the other one closed, with a stream that leads there.
fn begin(scene: &Scene<'_>, fence: Fence) -> Result<(), Error> {
    let pair = scene.pair;
    for server in [&pair.source, &pair.target] {
        server.ask(DATABASE, RESET)?;
        server.ask(DATABASE, OPEN)?;
    }
    pair.target.ask(DATABASE, if fence == Fence::Role { LOCKED_OUT } else { CLOSED })?;
    pair.source.ask(DATABASE, &format!("CREATE PUBLICATION {} FOR ALL TABLES", native::NAME))?;
    native::subscribe(pair, DATABASE, false)?;
    let streams = format!(
        "SELECT count(*) FROM pg_stat_replication WHERE application_name = '{}' AND state = 'streaming'",
        native::NAME
    );
    let begun = Instant::now();
    while pair.source.ask(DATABASE, &streams)? != "1" {
        if begun.elapsed() > LIMIT {
            return Err(Error::TooLate { what: "a peer's stream" });
        }
        sleep(LOOK);
    }
    Ok(())
}

fn switch(scene: &Scene<'_>, fence: Fence, hands: &Hands, writers: &Writers) -> Result<Switch, Error> {
    writers.more(scene.some())?;
    let calm = Instant::now();
    writers.more(scene.some())?;
    let begun = Instant::now();
    scene.runtime.block_on(async {
        match fence {
            Fence::Flushed | Fence::Applied => hands.by_positions(fence).await,
            Fence::Role => hands.by_role(fence).await,
        }
    })?;
    writers.route().tell(1);
    writers.more(1)?;
    sleep(AFTER);
    let (before, after) = (writers.ledger().felt(calm, begun), writers.ledger().felt(begun, Instant::now()));
    let (Some(before), Some(felt)) = (before, after) else {
        return Err(Error::TooLate { what: "a write after a switch" });
    };
    Ok(Switch { felt, told: None, rate: before.per_second })
}

impl Hands {
    async fn by_positions(&self, fence: Fence) -> Result<(), Error> {
        let begun = Instant::now();
        while let Err(error) = self.lock.batch_execute(LOCK).await {
            self.lock.batch_execute("ROLLBACK").await?;
            if begun.elapsed() > LIMIT {
                return Err(error.into());
            }
            tokio::time::sleep(LOOK * 50).await;
        }
        self.drained(fence.position()).await?;
        self.lock.batch_execute(&format!("{CLOSED}; COMMIT")).await?;
        Ok(self.target.batch_execute(OPEN).await?)
    }

    async fn by_role(&self, fence: Fence) -> Result<(), Error> {
        self.source.batch_execute(LOCKED_OUT).await?;
        let begun = Instant::now();
        while self.source.query_one(END_SESSIONS, &[]).await?.try_get::<_, i64>(0)? > 0 {
            if begun.elapsed() > LIMIT {
                return Err(Error::TooLate { what: "the end of a role's sessions" });
            }
            tokio::time::sleep(LOOK).await;
        }
        self.drained(fence.position()).await?;
        Ok(self.target.batch_execute(LET_IN).await?)
    }

    /// The target has what the source has, by positions in the log, and identifiers that are free.
    async fn drained(&self, reached: &str) -> Result<(), Error> {
        let position = "SELECT pg_current_wal_lsn()::text";
        let position: String = self.source.query_one(position, &[]).await?.try_get(0)?;
        let name = native::NAME;
        let there = format!(
            "SELECT coalesce(bool_and({reached} >= '{position}'), false) FROM pg_stat_replication WHERE application_name = '{name}'"
        );
        let begun = Instant::now();
        while !self.source.query_one(&there, &[]).await?.try_get::<_, bool>(0)? {
            if begun.elapsed() > LIMIT {
                return Err(Error::TooLate { what: "a peer's stream" });
            }
            tokio::time::sleep(LOOK).await;
        }
        let last = "SELECT last_value FROM entry_id_seq";
        let last: i64 = self.source.query_one(last, &[]).await?.try_get(0)?;
        self.target.query_one("SELECT setval('entry_id_seq', $1)", &[&(last + 1000)]).await?;
        Ok(())
    }
}

fn connect(scene: &Scene<'_>, server: &Server) -> Result<Client, Error> {
    let url = format!("{}&options=-csearch_path%3Dsvc", server.admin_url(DATABASE));
    let (client, connection) = scene.runtime.block_on(tokio_postgres::connect(&url, NoTls))?;
    scene.runtime.spawn(connection);
    Ok(client)
}

impl Fence {
    fn name(self) -> &'static str {
        match self {
            Self::Flushed => FLUSHED,
            Self::Applied => APPLIED,
            Self::Role => ROLE,
        }
    }

    /// The column of `pg_stat_replication` that says how far the target is.
    fn position(self) -> &'static str {
        match self {
            Self::Flushed | Self::Role => "flush_lsn",
            Self::Applied => "replay_lsn",
        }
    }
}
