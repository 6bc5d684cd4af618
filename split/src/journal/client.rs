//! Wishes and progress: what operator, command line and worker tell each other.
//!
//! In: a client of the source (`ensure` and `forget`: of either side). Out: rows as types. A side without the journal
//! reads as "nothing there". Writes of the worker carry its run number and fail once a newer worker has begun.

use super::{JournalError, Wish, is_missing};
use crate::phase::Phase;
use crate::status::Status;
use tokio_postgres::types::Json;
use tokio_postgres::{GenericClient, Row};

const SCHEMA: &str = concat!(include_str!("schema.sql"), include_str!("functions.sql"));

/// Installs the journal, or brings it up to date. Safe to run again, and by several at once.
///
/// # Errors
/// The role may not create a schema, or the server refuses.
pub async fn ensure<C: GenericClient + Sync>(client: &C) -> Result<(), JournalError> {
    // One transaction and one installer at a time: CREATE IF NOT EXISTS races with itself.
    let install =
        format!("BEGIN; SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('rerp_split')); {SCHEMA} COMMIT;");
    let done = client.batch_execute(&install).await;
    if done.is_err() {
        // The session may still be inside the failed transaction; if it isn't, this is only a warning.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    done.map_err(JournalError::query("install the schema"))
}

/// The progress of a migration as its worker last wrote it.
///
/// # Errors
/// The row can't be read, or was written by a version that this one doesn't understand.
pub async fn read_status<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<Option<Status>, JournalError> {
    let select = "SELECT status FROM rerp_split.migration WHERE migration = $1";
    let row = read(client, "read the status", select, migration).await?;
    row.map(|row| row.try_get(0).map(|Json(status)| status))
        .transpose()
        .map_err(|_| JournalError::Malformed { what: "status", migration: migration.to_owned() })
}

/// Writes the progress, its phase and the heartbeat.
///
/// # Errors
/// A newer worker has begun, or the statement failed.
pub async fn write_status<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    run: i64,
    status: &Status,
) -> Result<(), JournalError> {
    let upsert = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        INSERT INTO rerp_split.migration (migration, phase, plan_hash, status, heartbeat)
        SELECT $1, $3, $4, $5, now() FROM held
        ON CONFLICT (migration) DO UPDATE SET phase = excluded.phase, plan_hash = excluded.plan_hash,
            status = excluded.status, heartbeat = excluded.heartbeat";
    let phase = status.phase.as_str();
    client
        .execute(upsert, &[&migration, &run, &phase, &status.plan_hash, &Json(status)])
        .await
        .map(drop)
        .map_err(JournalError::query("write the status"))
}

/// Says that the worker lives.
///
/// # Errors
/// A newer worker has begun, or the statement failed.
pub async fn beat<C: GenericClient + Sync>(client: &C, migration: &str, run: i64) -> Result<(), JournalError> {
    let update = "WITH held AS (SELECT rerp_split.hold_run($1, $2))
        UPDATE rerp_split.migration SET heartbeat = now() FROM held WHERE migration = $1";
    client.execute(update, &[&migration, &run]).await.map(drop).map_err(JournalError::query("write the heartbeat"))
}

/// Writes how far the migration may go.
///
/// # Errors
/// The statement failed.
pub async fn write_wish<C: GenericClient + Sync>(client: &C, migration: &str, wish: &Wish) -> Result<(), JournalError> {
    let upsert = "INSERT INTO rerp_split.wish (migration, advance_to, abort, suspend, services_prepared, until)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (migration) DO UPDATE SET advance_to = excluded.advance_to, abort = excluded.abort, suspend = excluded.suspend,
            services_prepared = excluded.services_prepared, until = excluded.until, updated_at = now()";
    let advance_to = wish.advance_to.as_str();
    client
        .execute(upsert, &[&migration, &advance_to, &wish.abort, &wish.suspend, &wish.services_prepared, &wish.until])
        .await
        .map(drop)
        .map_err(JournalError::query("write the wish"))
}

/// Reads how far the migration may go now: once its time is over, no further than to be ready for the cutover.
///
/// # Errors
/// The row can't be read, or names an unknown phase.
pub async fn read_wish<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<Option<Wish>, JournalError> {
    let select =
        "SELECT advance_to, abort, suspend, services_prepared, until, coalesce(until <= clock_timestamp(), false)
        FROM rerp_split.wish WHERE migration = $1";
    let row = read(client, "read the wish", select, migration).await?;
    row.map(|row| wish_of(&row))
        .transpose()
        .map_err(|()| JournalError::Malformed { what: "wish", migration: migration.to_owned() })
}

fn wish_of(row: &Row) -> Result<Wish, ()> {
    let wanted: Phase = row.try_get::<_, &str>(0).map_err(drop)?.parse().map_err(drop)?;
    let flag = |index| row.try_get::<_, bool>(index).map_err(drop);
    let advance_to = if flag(5)? { wanted.min(Phase::ReadyForCutover) } else { wanted };
    let until = row.try_get(4).map_err(drop)?;
    Ok(Wish { advance_to, abort: flag(1)?, suspend: flag(2)?, services_prepared: flag(3)?, until })
}

/// Removes what is left of a migration but its owner row, and the schema once no migration and no owner row remain.
/// For an aborted migration `forget_owner` comes before.
///
/// # Errors
/// The statement failed.
pub async fn forget<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<(), JournalError> {
    // Bound parameters don't work in DO; a migration's id is [a-z0-9]{1,16} and quoted all the same.
    let id = crate::sql::literal(migration);
    let forget = format!(
        "DO $forget$
        DECLARE journal text;
        BEGIN
            IF to_regnamespace('rerp_split') IS NULL THEN RETURN; END IF;
            PERFORM pg_advisory_xact_lock(hashtext('rerp_split'));
            FOREACH journal IN ARRAY ARRAY['wish', 'turn', 'rehearsal', 'migration', 'cleanup', 'declared', 'token_fwd', 'token_rev',
                'attempt', 'drained', 'definition', 'chunk', 'verify_chunk', 'verify_range', 'foreign_key', 'gone_key',
                'orphan', 'old_tables', 'run'] LOOP
                -- An older version has fewer.
                CONTINUE WHEN to_regclass(format('rerp_split.%I', journal)) IS NULL;
                EXECUTE format('DELETE FROM rerp_split.%I WHERE migration = $1', journal) USING {id};
            END LOOP;
            IF NOT EXISTS (SELECT FROM rerp_split.owner) AND NOT EXISTS (SELECT FROM rerp_split.run)
                AND NOT EXISTS (SELECT FROM rerp_split.wish) AND NOT EXISTS (SELECT FROM rerp_split.cleanup) THEN
                DROP SCHEMA rerp_split CASCADE;
            END IF;
        END $forget$"
    );
    client.batch_execute(&forget).await.map_err(JournalError::query("forget the migration"))
}

pub(super) async fn read<C: GenericClient + Sync>(
    client: &C,
    action: &'static str,
    select: &str,
    migration: &str,
) -> Result<Option<Row>, JournalError> {
    match client.query_opt(select, &[&migration]).await {
        Err(error) if is_missing(&error) => Ok(None),
        other => other.map_err(JournalError::query(action)),
    }
}
