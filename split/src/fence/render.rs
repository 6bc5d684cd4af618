//! The SQL of each statement of the fence: the one place that has it.
//!
//! In: a statement and the configuration. Out: text for one simple query, so that every statement is one round trip. It
//! reads nothing and decides nothing. Answers are found by column name, see `answer`.
//!
//! Long because it is a table: one statement of the protocol after the other, in the order they run.

use super::config::CutoverConfig;
use super::rights::{close_target, declare_source};
use super::stmt::{Ahead, Closing, Stmt};
use super::streams;
use crate::phase::Phase;
use crate::spec::Direction;
use crate::sql::{idents, literal, qualified, tables};
use std::time::Duration;
use uuid::Uuid;

/// How long one lock of F3 may take. Writers queue behind the request, so it bounds what a failed try costs them.
const LOCK_TIMEOUT: &str = "100ms";
/// `lock_timeout` counts per lock; this counts for all of them.
const LOCKS_TIMEOUT: &str = "150ms";
/// A running autovacuum gives way only to someone who has waited for `deadlock_timeout`.
const DEADLOCK_TIMEOUT: &str = "20ms";
/// How long a journal row may be waited for outside of the pause.
pub(super) const ROW_TIMEOUT: &str = "2s";

/// The SQL of `stmt`; empty for those that only let time pass. `P5RoundTrip` renders its first half.
#[must_use]
pub fn render(stmt: &Stmt, cfg: &CutoverConfig) -> String {
    let from = &cfg.source.schema;
    let to = &cfg.target.schema;
    match stmt {
        Stmt::ReadSource => read_owner(cfg, from),
        Stmt::ReadTarget => read_owner(cfg, to),
        Stmt::ReadWish { epoch } => read_wish(cfg, *epoch),
        Stmt::P2Declare => fenced(cfg, "on", &declare_source(cfg)),
        Stmt::P2Close => fenced(cfg, "on", &close_target(cfg)),
        Stmt::P3Advance => streams::advance(cfg),
        Stmt::P5Quiet => quiet(cfg),
        Stmt::P5RoundTrip | Stmt::F5Token => token(cfg),
        Stmt::F1Begin { epoch } => begin(cfg, *epoch),
        Stmt::F1Journal(closing) => journal(cfg, closing),
        Stmt::F2Arm(closing) => arm(cfg, to, closing),
        Stmt::F3Lock => lock(cfg),
        Stmt::F3Unlock => "ROLLBACK TO SAVEPOINT rerp_lock; RELEASE SAVEPOINT rerp_lock".to_owned(),
        Stmt::F4Check => check(cfg),
        Stmt::F5Look(token) => look(cfg, token),
        Stmt::F6Read => read_sequences(cfg),
        Stmt::F6Set(ahead) => set_sequences(cfg, ahead),
        Stmt::F7Flush { epoch, tokens } => flush(cfg, *epoch, tokens),
        Stmt::F8Close => close(cfg),
        Stmt::F8Status(closing) => format!("SELECT pg_xact_status({}::xid8) AS fate", literal(&closing.xid)),
        Stmt::F9Proof => read_proof(cfg, from),
        Stmt::TakeProof => read_proof(cfg, to),
        Stmt::F9Open(proof) | Stmt::TakeOpen(proof) => open(cfg, proof),
        Stmt::F10Tidy => tidy(cfg),
        Stmt::F10Stop { epoch } => streams::stop(cfg, *epoch),
        Stmt::F10Slot => streams::slot(cfg),
        Stmt::F10Enable { position } => streams::enable(cfg, position),
        Stmt::Retreat | Stmt::TakeRetreat => "ROLLBACK".to_owned(),
        Stmt::TakeBegin { epoch } => take_begin(cfg, *epoch),
        Stmt::TakeArm(closing) => arm(cfg, from, closing),
        // The savepoint fails outside of the transaction that took back: a session that was replaced can't commit it.
        Stmt::TakeCommit => "SAVEPOINT rerp_take; COMMIT".to_owned(),
        Stmt::F3Wait { .. } | Stmt::Rest => String::new(),
    }
}

pub(super) fn id(cfg: &CutoverConfig) -> String {
    literal(&cfg.migration)
}

/// First statement of every transaction: fails once a newer worker has begun.
pub(super) fn hold(cfg: &CutoverConfig) -> String {
    format!("SELECT rerp_split.hold_run({}, {})", id(cfg), cfg.run)
}

/// A transaction of its own that a newer worker waits for.
pub(super) fn fenced(cfg: &CutoverConfig, synchronous_commit: &str, work: &str) -> String {
    format!(
        "BEGIN; SET LOCAL synchronous_commit = {synchronous_commit}; SET LOCAL lock_timeout = '{ROW_TIMEOUT}'; {}; {work}; COMMIT",
        hold(cfg)
    )
}

/// Which owner row is meant.
fn row(cfg: &CutoverConfig, schema: &str) -> String {
    format!("schema_name = {} AND migration = {}", literal(schema), id(cfg))
}

fn millis(duration: Duration) -> String {
    format!("'{}ms'", duration.as_millis().max(1))
}

fn read_owner(cfg: &CutoverConfig, schema: &str) -> String {
    format!("SELECT epoch, is_owner, armed IS NOT NULL AS is_armed FROM rerp_split.owner WHERE {}", row(cfg, schema))
}

/// Asked only while the source owns, so that nothing is left half done by a wish that has changed. One more turn is wished for
/// at one epoch: what asked for an earlier one has been done, or has become meaningless.
fn read_wish(cfg: &CutoverConfig, epoch: i64) -> String {
    let asked = |column: &str| {
        format!("EXISTS (SELECT FROM rerp_split.turn AS t WHERE t.migration = w.migration AND t.{column} = {epoch})")
    };
    let switched = Phase::ALL.iter().filter(|phase| phase.is_switched()).map(|phase| literal(phase.as_str()));
    let switched = format!("w.advance_to IN ({})", switched.collect::<Vec<_>>().join(", "));
    let wanted = match (cfg.direction, cfg.again) {
        // A wish may end with its time, which is for the first switch only.
        (Direction::Forward, false) => {
            format!("{switched} AND (w.until IS NULL OR clock_timestamp() < w.until)")
        }
        (Direction::Forward, true) => format!("{switched} AND {}", asked("forward")),
        (Direction::Back, _) => asked("rollback"),
    };
    format!(
        "SELECT w.abort, w.services_prepared AND NOT w.suspend AND {wanted} AS services_prepared
         FROM rerp_split.wish AS w WHERE w.migration = {}",
        id(cfg)
    )
}

/// Whether no transaction older than a second holds a lock that the fence would have to wait for. Autovacuum is left
/// out: it gives way.
fn quiet(cfg: &CutoverConfig) -> String {
    format!(
        "SELECT NOT EXISTS (
            SELECT FROM pg_locks AS l
            JOIN pg_stat_activity AS a ON a.pid = l.pid
            JOIN pg_class AS c ON c.oid = l.relation
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE l.locktype = 'relation' AND l.granted AND l.mode <> 'AccessShareLock'
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND n.nspname = {} AND c.relname IN ({}) AND a.backend_type <> 'autovacuum worker'
              AND a.xact_start < clock_timestamp() - interval '1 second') AS answer",
        literal(&cfg.source.schema),
        names(&cfg.tables)
    )
}

fn names(list: &[String]) -> String {
    if list.is_empty() {
        return "NULL".to_owned();
    }
    list.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ")
}

/// The token has to be flushed before it can be streamed; a standby need not have it.
fn token(cfg: &CutoverConfig) -> String {
    let insert = format!(
        "INSERT INTO {} (migration, token) VALUES ({}, gen_random_uuid()) RETURNING token",
        cfg.direction.tokens(),
        id(cfg)
    );
    fenced(cfg, "local", &insert)
}

/// Whether `token` has arrived on the target.
pub(super) fn look(cfg: &CutoverConfig, token: &Uuid) -> String {
    format!(
        "SELECT EXISTS (SELECT FROM {} WHERE migration = {} AND token = '{token}') AS answer",
        cfg.direction.tokens(),
        id(cfg)
    )
}

fn begin(cfg: &CutoverConfig, epoch: i64) -> String {
    format!(
        "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL idle_in_transaction_session_timeout = {};
         SET LOCAL lock_timeout = '{ROW_TIMEOUT}'; {};
         UPDATE rerp_split.owner SET is_owner = false, epoch = {}, armed = NULL, proof = gen_random_uuid()
         WHERE {} AND epoch = {epoch} AND is_owner
         RETURNING epoch, rerp_split.hash(proof) AS hash, pg_backend_pid() AS pid, pg_current_xact_id() AS xid",
        millis(cfg.max_write_pause),
        hold(cfg),
        epoch + 1,
        row(cfg, &cfg.source.schema)
    )
}

/// The same with the sides exchanged: the target gives up what it is armed with, under the lock that `open` takes.
fn take_begin(cfg: &CutoverConfig, epoch: i64) -> String {
    format!(
        "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL idle_in_transaction_session_timeout = {};
         SET LOCAL lock_timeout = '{ROW_TIMEOUT}'; {};
         UPDATE rerp_split.owner SET armed = NULL, epoch = {}, proof = gen_random_uuid()
         WHERE {} AND epoch = {epoch} AND NOT is_owner AND armed IS NOT NULL
         RETURNING epoch, rerp_split.hash(proof) AS hash, pg_backend_pid() AS pid, pg_current_xact_id() AS xid",
        millis(cfg.max_write_pause),
        hold(cfg),
        epoch + 1,
        row(cfg, &cfg.target.schema)
    )
}

fn journal(cfg: &CutoverConfig, closing: &Closing) -> String {
    let upsert = format!(
        "INSERT INTO rerp_split.attempt (migration, run, epoch, pid, xid, hash) VALUES ({}, {}, {}, {}, {}::xid8, {})
         ON CONFLICT (migration) DO UPDATE SET run = excluded.run, epoch = excluded.epoch, pid = excluded.pid,
             xid = excluded.xid, hash = excluded.hash",
        id(cfg),
        cfg.run,
        closing.epoch,
        closing.pid,
        literal(&closing.xid),
        literal(&closing.hash)
    );
    fenced(cfg, "on", &upsert)
}

/// Arms the closed side in `schema`: whoever has the proof of this hash can open it.
fn arm(cfg: &CutoverConfig, schema: &str, closing: &Closing) -> String {
    let update = format!(
        "UPDATE rerp_split.owner SET armed = {}, epoch = {epoch}, is_owner = false
         WHERE {} AND NOT is_owner AND epoch <= {epoch} RETURNING epoch",
        literal(&closing.hash),
        row(cfg, schema),
        epoch = closing.epoch
    );
    fenced(cfg, "on", &update)
}

fn lock(cfg: &CutoverConfig) -> String {
    format!(
        "SAVEPOINT rerp_lock; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL deadlock_timeout = '{DEADLOCK_TIMEOUT}';
         SET LOCAL statement_timeout = '{LOCKS_TIMEOUT}'; LOCK TABLE {} IN EXCLUSIVE MODE",
        tables(&cfg.source.schema, cfg.tables.iter().map(String::as_str))
    )
}

/// A partition counts as published if it or one it belongs to is. A row filter would leave rows behind.
fn check(cfg: &CutoverConfig) -> String {
    let publication = literal(&cfg.publication);
    let covered = format!(
        "WITH published AS MATERIALIZED (
            SELECT format('%I.%I', schemaname, tablename)::regclass::oid AS oid, rowfilter
            FROM pg_publication_tables WHERE pubname = {publication})
         SELECT NOT EXISTS (
            SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = {} AND c.relname IN ({}) AND c.relkind <> 'p' AND NOT EXISTS (
                SELECT FROM published AS p WHERE p.rowfilter IS NULL
                AND (p.oid = c.oid OR p.oid IN (SELECT pg_partition_ancestors(c.oid)))))
         AND EXISTS (SELECT FROM published WHERE oid = '{}'::regclass) AS answer",
        literal(&cfg.source.schema),
        names(&cfg.tables),
        cfg.direction.tokens()
    );
    let hash = cfg.schema_hash.as_ref().map_or_else(String::new, |hash| {
        format!("; SELECT ({}) IS NOT DISTINCT FROM {} AS schema_same", hash.query, literal(&hash.expected))
    });
    fenced(cfg, "off", &format!("{covered}{hash}"))
}

fn read_sequences(cfg: &CutoverConfig) -> String {
    let one = |name: &String| {
        let sequence = qualified(&cfg.source.schema, name);
        format!(
            "SELECT {} AS name, s.last_value, s.is_called, p.seqincrement
             FROM {sequence} AS s, pg_sequence AS p WHERE p.seqrelid = {}::regclass",
            literal(name),
            literal(&sequence)
        )
    };
    match cfg.sequences.iter().map(one).collect::<Vec<_>>() {
        none if none.is_empty() => "SELECT".to_owned(),
        some => some.join(" UNION ALL "),
    }
}

/// The target's own row, while it is closed: a statement that was given up and comes once clients write there does nothing.
fn closed(cfg: &CutoverConfig) -> String {
    format!("SELECT rerp_split.hold_owner({}, false)", id(cfg))
}

/// Neither behind what the target has handed out itself, nor beyond what the sequence allows. Not flushed: F7 is.
fn set_sequences(cfg: &CutoverConfig, ahead: &[Ahead]) -> String {
    let one = |ahead: &Ahead| {
        let sequence = qualified(&cfg.target.schema, &ahead.name);
        format!(
            "SELECT setval(p.seqrelid, (CASE WHEN p.seqincrement > 0
                 THEN least(p.seqmax, greatest(p.seqmin, o.own, {value}))
                 ELSE greatest(p.seqmin, least(p.seqmax, o.own, {value})) END)::bigint)
             FROM pg_sequence AS p, LATERAL (
                 SELECT s.last_value - CASE WHEN s.is_called THEN 0 ELSE p.seqincrement END::numeric AS own
                 FROM {sequence} AS s) AS o
             WHERE p.seqrelid = {name}::regclass",
            value = format_args!("{}::numeric", ahead.value),
            name = literal(&sequence)
        )
    };
    let all: Vec<String> = ahead.iter().map(one).collect();
    if all.is_empty() {
        "SELECT".to_owned()
    } else {
        fenced(cfg, "off", &format!("{}; {}", closed(cfg), all.join("; ")))
    }
}

/// Apply commits asynchronously; WAL is one stream, so this commit makes durable whatever was applied before it. The position is
/// that of the next record: what can be seen has been written before it, though perhaps not to the disk, and whoever opens
/// this side comes later; so does whatever an earlier attempt has left on its way here, and an older epoch replaces no newer one.
fn flush(cfg: &CutoverConfig, epoch: i64, tokens: &[Uuid]) -> String {
    let list: Vec<String> = tokens.iter().map(|token| format!("'{token}'")).collect();
    let upsert = format!(
        "INSERT INTO rerp_split.drained AS d (migration, epoch, lsn)
         SELECT {id}, {epoch}, pg_current_wal_insert_lsn() WHERE (
             SELECT count(*) FROM {tokens} WHERE migration = {id} AND token IN ({})) = {}
         ON CONFLICT (migration) DO UPDATE SET epoch = excluded.epoch, lsn = excluded.lsn, at = now()
             WHERE d.epoch <= excluded.epoch
         RETURNING lsn",
        list.join(", "),
        tokens.len(),
        id = id(cfg),
        tokens = cfg.direction.tokens()
    );
    fenced(cfg, "on", &format!("{}; {upsert}", closed(cfg)))
}

/// REVOKE alone lets views, SECURITY DEFINER functions and superusers through; the triggers don't. The savepoint
/// fails outside of A's transaction: a session that was replaced can't close anything.
fn close(cfg: &CutoverConfig) -> String {
    let schema = &cfg.source.schema;
    let mut sql = format!(
        "SAVEPOINT rerp_close; SET LOCAL statement_timeout = {}; {}",
        millis(cfg.max_write_pause),
        super::rights::revoke(&cfg.source, &cfg.tables, &cfg.sequences)
    );
    for table in &cfg.tables {
        sql.push_str(&format!(
            "; CREATE OR REPLACE TRIGGER rerp_split_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {}
             FOR EACH STATEMENT EXECUTE FUNCTION rerp_split.guard()",
            qualified(schema, table)
        ));
    }
    sql.push_str("; COMMIT");
    sql
}

/// Any session outside of a transaction reads it only once the closing commit is durable.
fn read_proof(cfg: &CutoverConfig, schema: &str) -> String {
    format!("SELECT proof FROM rerp_split.owner WHERE {} AND NOT is_owner", row(cfg, schema))
}

fn open(cfg: &CutoverConfig, proof: &Uuid) -> String {
    format!("SELECT rerp_split.open({}, '{proof}') AS answer", id(cfg))
}

fn tidy(cfg: &CutoverConfig) -> String {
    let work = format!(
        "UPDATE rerp_split.owner SET armed = NULL WHERE {} AND NOT is_owner;
         DELETE FROM rerp_split.attempt WHERE migration = {}",
        row(cfg, &cfg.source.schema),
        id(cfg)
    );
    fenced(cfg, "on", &work)
}

/// Roles, quoted and comma-separated, each once.
pub(super) fn role_list(roles: &crate::spec::Roles) -> String {
    let mut all: Vec<&str> = std::iter::once(roles.owner.as_str()).chain(roles.service()).collect();
    all.sort_unstable();
    all.dedup();
    idents(all)
}
