//! Who else uses the moving tables, asked of the source. IO only.
//!
//! Which tables a statement is about the server itself says: it parses the text once more, in a transaction that is rolled back, as a
//! prepared statement that is never executed, and holds a lock on every table that it has found in it, behind views too. What can't be
//! parsed any more, and commands (`COPY`, `LOCK`), count, since they name a table. The text goes nowhere else.

use super::judge::{Count, Found, STATEMENTS, TOO_MANY};
use crate::spec::Direction;
use crate::step::{Job, StepError, chain, failed, within};
use crate::stream::UNLOGGED;
use crate::{names, sql};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// No lock is waited for for long.
const QUIETLY: &str = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '60s'";
/// Nor does the server's log tell of a text that can't be parsed; a right of its own.
const SILENT: &str = "SET LOCAL log_min_messages = panic";
/// How many seconds all statements may take: a table that somebody locks is waited for again with each that names it.
const LIMIT_S: u64 = 60;

/// `$1`: the schema, quoted. `$2`: only these tables, if it isn't null. Names of views count: they are read instead of tables.
const RELATIONS: &str = "SELECT c.oid, c.relname::text, c.relkind IN ('r', 'p') FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) \
     AND c.relkind IN ('r', 'p', 'v', 'm') AND ($2::text[] IS NULL OR c.relname = ANY($2))";

/// `$1`: roles of the service. Superusers maintain; what they do is theirs to know.
const OTHERS: &str = "WITH RECURSIVE service(oid) AS (SELECT r.oid FROM pg_roles r WHERE r.rolname = ANY($1) \
       UNION SELECT m.member FROM service s JOIN pg_auth_members m ON m.roleid = s.oid), \
     others AS (SELECT r.oid, r.rolname::text AS name FROM pg_roles r WHERE NOT r.rolsuper AND r.rolname <> session_user \
       AND r.rolname <> $2 AND r.oid NOT IN (SELECT oid FROM service)) ";

/// `$3`: OIDs of the moving tables.
const SESSIONS: &str = "SELECT DISTINCT o.name, coalesce(a.application_name, '') FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
     JOIN others o ON o.oid = a.usesysid JOIN pg_database d ON d.oid = l.database \
     WHERE l.locktype = 'relation' AND l.granted AND d.datname = current_database() AND l.relation = ANY($3) \
     AND a.backend_type = 'client backend' ORDER BY 1, 2 LIMIT 100";

/// `$3`: patterns, one of which the text matches. A role's own setting of the search path goes before the database's.
fn statements_sql(view: &str) -> String {
    format!(
        "SELECT o.name, s.queryid::text, sum(s.calls)::int8, min(s.query), coalesce((SELECT substr(c, 13) \
             FROM pg_db_role_setting t CROSS JOIN LATERAL unnest(t.setconfig) c WHERE starts_with(c, 'search_path=') \
             AND t.setrole IN (o.oid, 0) AND t.setdatabase IN (d.oid, 0) ORDER BY t.setrole = 0, t.setdatabase = 0 LIMIT 1), '\"$user\", public') \
         FROM {view} s JOIN others o ON o.oid = s.userid JOIN pg_database d ON d.oid = s.dbid \
         WHERE d.datname = current_database() AND s.queryid IS NOT NULL \
         AND EXISTS (SELECT FROM unnest($3::text[]) p WHERE s.query ~* p) \
         GROUP BY 1, 2, o.oid, d.oid ORDER BY 3 DESC, 1, 2 LIMIT {}",
        STATEMENTS + 1
    )
}

/// What is about the moving tables.
struct Moving {
    schema: String,
    tables: Vec<u32>,
    names: Vec<String>,
}

/// Looks once.
pub(super) async fn read(client: &mut Client, job: &Job) -> Result<Found, StepError> {
    let transaction = client.transaction().await.map_err(failed("begin a look at others"))?;
    transaction.batch_execute(QUIETLY).await.map_err(failed("look at others"))?;
    let moving = moving(&transaction, job).await?;
    let sessions = sessions(&transaction, job, &moving).await?;
    let view = view(&transaction).await?;
    transaction.rollback().await.map_err(failed("end a look at others"))?;
    let counted = match view {
        None => Err("pg_stat_statements is not installed in the source's database".to_owned()),
        // What is installed may still not be loaded, and says so.
        Some(view) => {
            let all = statements(client, job, &moving, &view);
            within("looking at the statements of others", LIMIT_S, all).await.map_err(|error| chain(&error))
        }
    };
    Ok(match counted {
        Ok((statements, unknown)) => Found { statements, sessions, unknown },
        Err(why) => Found { statements: Vec::new(), sessions, unknown: Some(why) },
    })
}

async fn moving(transaction: &Transaction<'_>, job: &Job) -> Result<Moving, StepError> {
    let schema = sql::ident(&job.spec.source.schema);
    let rows = transaction.query(RELATIONS, &[&schema, &job.spec.tables]).await.map_err(failed("read the tables"))?;
    let tables = rows.iter().filter(|row| row.get(2)).map(|row| row.get(0)).collect();
    Ok(Moving { schema, tables, names: rows.iter().map(|row| row.get(1)).collect() })
}

/// Names of the service's roles, and that of the role which replicates.
fn own(job: &Job) -> (Vec<&str>, String) {
    let roles = &job.spec.source.roles;
    (roles.service().chain([roles.owner.as_str()]).collect(), names::replication_role(job.id(), Direction::Forward))
}

async fn sessions(
    transaction: &Transaction<'_>,
    job: &Job,
    moving: &Moving,
) -> Result<Vec<(String, String)>, StepError> {
    let (roles, replication) = own(job);
    let rows = transaction.query(&format!("{OTHERS}{SESSIONS}"), &[&roles, &replication, &moving.tables]).await;
    Ok(rows.map_err(failed("read the sessions"))?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The view with the statistics, qualified and quoted.
async fn view(transaction: &Transaction<'_>) -> Result<Option<String>, StepError> {
    let sql = "SELECT format('%I.pg_stat_statements', n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
         WHERE e.extname = 'pg_stat_statements'";
    let row = transaction.query_opt(sql, &[]).await.map_err(failed("read the extensions"))?;
    Ok(row.map(|row| row.get(0)))
}

/// Those that are about the moving tables, and what keeps them from being all.
async fn statements(
    client: &mut Client,
    job: &Job,
    moving: &Moving,
    view: &str,
) -> Result<(Vec<Count>, Option<String>), StepError> {
    let mut transaction = client.transaction().await.map_err(failed("begin a look at statements"))?;
    transaction.batch_execute(QUIETLY).await.map_err(failed("look at statements"))?;
    for setting in [UNLOGGED, SILENT] {
        unlogged(&mut transaction, setting).await?;
    }
    let (roles, replication) = own(job);
    let sql = format!("{OTHERS}{}", statements_sql(view));
    let patterns: Vec<String> = moving.names.iter().map(|name| pattern(name)).collect();
    let rows = transaction.query(&sql, &[&roles, &replication, &patterns]).await;
    let rows = rows.map_err(failed("read the statistics of statements"))?;
    let mut counts = Vec::new();
    for row in rows.iter().take(STATEMENTS) {
        let (role, path): (String, String) = (row.get(0), row.get(4));
        let Some(text) = row.get::<_, Option<&str>>(3) else { continue };
        let path = path.replace("\"$user\"", &sql::ident(&role));
        if touches(&mut transaction, text, &path, moving).await? {
            let calls = u64::try_from(row.get::<_, i64>(2)).unwrap_or_default();
            counts.push(Count { role, query_id: row.get(1), calls });
        }
    }
    transaction.rollback().await.map_err(failed("end a look at statements"))?;
    Ok((counts, (rows.len() > STATEMENTS).then(|| TOO_MANY.to_owned())))
}

/// Who may not set these: then the server's log is as its owner wants it.
async fn unlogged(transaction: &mut Transaction<'_>, setting: &str) -> Result<(), StepError> {
    let tried = transaction.transaction().await.map_err(failed("look at statements"))?;
    match tried.batch_execute(setting).await {
        Ok(()) => tried.commit().await.map_err(failed("look at statements")),
        Err(_) => tried.rollback().await.map_err(failed("look at statements")),
    }
}

/// Whether a statement is about the moving tables. Names without a schema are looked for where its role would look first, then among
/// what moves: which path a session had is in no statistics. What isn't parsed names one of them.
async fn touches(
    transaction: &mut Transaction<'_>,
    text: &str,
    path: &str,
    moving: &Moving,
) -> Result<bool, StepError> {
    if is_query(text) {
        // The server's own names come first whatever the role has set: nobody's operators and functions are taken for them.
        for path in [format!("pg_catalog, {path}"), format!("pg_catalog, {}, {path}", moving.schema)] {
            let tried = transaction.transaction().await.map_err(failed("look at a statement"))?;
            let locked = locked(&tried, text, &path, &moving.tables).await;
            tried.rollback().await.map_err(failed("look at a statement"))?;
            if let Some(locked) = locked? {
                return Ok(locked);
            }
        }
    }
    Ok(true)
}

/// Whether the server finds one of the tables in a statement; none if it can't parse it. What somebody else has locked isn't waited for.
async fn locked(tried: &Transaction<'_>, text: &str, path: &str, tables: &Vec<u32>) -> Result<Option<bool>, StepError> {
    if tried.execute("SELECT pg_catalog.set_config('search_path', $1, true)", &[&path]).await.is_err() {
        return Ok(None);
    }
    match tried.prepare(text).await {
        Ok(_) => {}
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            return Err(failed("see what a statement of others is about")(error));
        }
        Err(_) => return Ok(None),
    }
    let found = async {
        tried.batch_execute("SET LOCAL search_path = pg_catalog").await?;
        let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = ANY($1))";
        tried.query_one(sql, &[tables]).await?.try_get(0)
    };
    Ok(Some(found.await.map_err(failed("see what a statement of others is about"))?))
}

/// A name as a word, whatever is in it.
fn pattern(name: &str) -> String {
    let escape = |c: char| if c.is_alphanumeric() || c == '_' { c.to_string() } else { format!("\\{c}") };
    let name: String = name.chars().map(escape).collect();
    format!("(^|[^[:alnum:]_]){name}([^[:alnum:]_]|$)")
}

/// What is parsed as a whole; all else is a command whose tables only its execution looks for.
fn is_query(text: &str) -> bool {
    const QUERIES: [&str; 8] = ["select", "insert", "update", "delete", "merge", "with", "values", "table"];
    let word = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let word: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
    QUERIES.iter().any(|query| word.eq_ignore_ascii_case(query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_told_from_commands() {
        for text in ["SELECT 1", " (select 1) UNION SELECT 2", "with a AS (SELECT 1) TABLE a", "TABLE t"] {
            assert!(is_query(text), "{text}");
        }
        for text in ["COPY t TO STDOUT", "LOCK TABLE t", "/* c */ SELECT 1", "EXPLAIN SELECT 1", ""] {
            assert!(!is_query(text), "{text}");
        }
    }

    #[test]
    fn names_are_words_and_nothing_in_them_is_a_pattern() {
        assert_eq!(pattern("email"), "(^|[^[:alnum:]_])email([^[:alnum:]_]|$)");
        assert_eq!(pattern("a.b ä"), r"(^|[^[:alnum:]_])a\.b\ ä([^[:alnum:]_]|$)");
    }
}
