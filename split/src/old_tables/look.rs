//! A look at the old tables on the source: which they are, how often they were used, and by whom.
//!
//! It reads catalogs and counters, never a row of the tables themselves: a look raises none of the counters that it reads.

use super::memory::{Counters, Look, Old};
use crate::connect::application_prefix;
use crate::sql;
use crate::step::{Job, StepError, failed, within};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres::{Client, GenericClient};

/// How long sessions of our own that have read may take to end.
const ENDED_LIMIT_S: u64 = 60;
/// Between two looks at them.
const POLL: Duration = Duration::from_millis(50);
/// More than these aren't named in one sentence.
const SHOWN: usize = 5;
/// What those sessions call themselves: `verify` compares, `backup` is `pg_dump`.
pub(super) const READERS: [&str; 2] = ["verify", "backup"];

const TABLES: &str = "SELECT c.oid, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = ANY($2::text[]) AND c.relkind IN ('r', 'p') ORDER BY c.oid";
/// Rows that were read are counted for those that come by a row's place or by a sample, which no scan is counted for.
const COUNTERS: &str = "SELECT c.oid, \
        coalesce(sum(s.seq_scan + s.seq_tup_read + coalesce(s.idx_scan, 0) + coalesce(s.idx_tup_fetch, 0)), 0)::int8, \
        coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)::int8 \
    FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid OR s.relid = nullif(c.reltoastrelid, 0) \
    WHERE c.oid = ANY($1::oid[]) GROUP BY c.oid";
/// After a crash the server begins with all counters at nothing, however often it is read from then on; that it did so shows in
/// those of the archiver, which nobody resets with the tables'.
const SERVER: &str = "SELECT clock_timestamp(), \
    current_setting('track_counts')::bool AND NOT EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS c(setting) \
      WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) \
        AND CASE WHEN starts_with(c.setting, 'track_counts=') THEN NOT split_part(c.setting, '=', 2)::bool ELSE false END), \
    greatest((SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()), \
      (SELECT stats_reset FROM pg_stat_archiver))";
/// Who holds a lock on one of them.
const HOLDERS: &str = "SELECT DISTINCT CASE WHEN a.backend_type = 'client backend' \
      THEN format('%s (%s)', a.usename, coalesce(nullif(a.application_name, ''), 'unnamed')) ELSE a.backend_type END \
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
    WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
      AND l.relation = ANY($1::oid[]) AND a.pid <> pg_backend_pid() AND a.backend_type IN ('client backend', 'autovacuum worker') \
    ORDER BY 1 LIMIT 5";
const STATEMENTS: &str = "SELECT format('%I.pg_stat_statements', n.nspname) FROM pg_extension e \
    JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
/// Sessions of this migration that have read the old tables, or may: those of older runs, and readers.
const OWN: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND starts_with(application_name, $1) AND (split_part(substr(application_name, length($1) + 1), '/', 2) = ANY($3) \
      OR substr(application_name, length($1) + 1) !~ ('^(0|' || $2::int8 || ')/'))";

/// The old tables by name: those that the migration has moved. Asked while their definitions are frozen.
pub(super) async fn tables(job: &Job, source: &Client, names: &[String]) -> Result<Vec<Old>, StepError> {
    let schema = &job.spec.source.schema;
    let rows = source.query(TABLES, &[schema, &names]).await.map_err(failed("list the old tables"))?;
    Ok(rows.iter().map(|row| Old { oid: row.get(0), name: row.get(1) }).collect())
}

/// The counters of those that are there.
pub(super) async fn look<C: GenericClient + Sync>(client: &C, tables: &[Old]) -> Result<Look, StepError> {
    let action = "read the counters of the old tables";
    let oids: Vec<u32> = tables.iter().map(|old| old.oid).collect();
    let rows = client.query(COUNTERS, &[&oids]).await.map_err(failed(action))?;
    let counted = |row: &tokio_postgres::Row| {
        let oid: u32 = row.get(0);
        let name = tables.iter().find(|old| old.oid == oid).map(|old| old.name.clone())?;
        Some((name, Counters { reads: row.get(1), writes: row.get(2) }))
    };
    let server = client.query_one(SERVER, &[]).await.map_err(failed(action))?;
    Ok(Look {
        at: server.get(0),
        counted: server.get(1),
        reset: server.get(2),
        counters: rows.iter().filter_map(counted).collect(),
    })
}

/// Who holds a lock on one of `tables`.
pub(super) async fn holders(client: &Client, old: &[Old], tables: &[String]) -> Result<Vec<String>, StepError> {
    let oids: Vec<u32> = old.iter().filter(|old| tables.contains(&old.name)).map(|old| old.oid).collect();
    let rows = client.query(HOLDERS, &[&oids]).await.map_err(failed("look for who uses the old tables"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// How often each role but ours has run statements that name one of `tables`; nothing where the server doesn't count them.
pub(super) async fn callers(client: &Client, old: &[Old]) -> Result<BTreeMap<String, i64>, StepError> {
    let found = client.query_opt(STATEMENTS, &[]).await.map_err(failed("look for pg_stat_statements"))?;
    let Some(view) = found else { return Ok(BTreeMap::new()) };
    let select = format!(
        "SELECT pg_get_userbyid(s.userid)::text, sum(s.calls)::int8 FROM {} s WHERE s.userid <> session_user::regrole \
         AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND EXISTS (SELECT FROM unnest($1::text[]) AS t(name) WHERE strpos(s.query, t.name) > 0) GROUP BY 1",
        view.get::<_, &str>(0)
    );
    let names: Vec<&str> = old.iter().map(|old| old.name.as_str()).collect();
    // It is installed, but the server may not have loaded it.
    let rows = client.query(&select, &[&names]).await.unwrap_or_default();
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// In words, who it was: whoever is at it, otherwise whose statements have become more. It may be nobody that can be seen.
pub(super) fn whom(holders: &[String], before: &BTreeMap<String, i64>, now: &BTreeMap<String, i64>) -> String {
    if !holders.is_empty() {
        return format!("; at it now: {}", holders.join(", "));
    }
    let more = |(role, calls): &(&String, &i64)| before.get(*role).is_none_or(|before| before < *calls);
    let roles: Vec<&str> = now.iter().filter(more).map(|(role, _)| role.as_str()).take(SHOWN).collect();
    if roles.is_empty() { String::new() } else { format!("; by their statements: {}", roles.join(", ")) }
}

/// Waits until no session of ours is left that has read the old tables: a session writes its counters down before it is gone.
pub(super) async fn readers_gone(job: &Job, source: &Client) -> Result<(), StepError> {
    let prefix = application_prefix(job.id());
    let readers = READERS.map(str::to_owned).to_vec();
    within("ending the sessions that have read the old tables", ENDED_LIMIT_S, async {
        loop {
            let row = source.query_one(OWN, &[&prefix, &job.run, &readers]).await;
            let left: i64 = row.map_err(failed("look for sessions of our own"))?.get(0);
            if left == 0 {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    })
    .await
}

/// Qualified names, as SQL.
pub(super) fn qualified(job: &Job, tables: &[Old]) -> Vec<String> {
    tables.iter().map(|old| sql::qualified(&job.spec.source.schema, &old.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_at_it_is_named_first_and_then_whose_statements_have_become_more() {
        let calls = |all: &[(&str, i64)]| all.iter().map(|(role, calls)| ((*role).to_owned(), *calls)).collect();
        let (before, now) = (calls(&[("app", 9)]), calls(&[("app", 9), ("report", 1)]));
        assert_eq!(whom(&["x (weekly)".to_owned()], &before, &now), "; at it now: x (weekly)");
        assert_eq!(whom(&[], &before, &now), "; by their statements: report", "the service's own are from before");
        assert_eq!(whom(&[], &now, &calls(&[("report", 2)])), "; by their statements: report");
        assert_eq!(whom(&[], &now, &now), "");
    }
}
