//! Rehearsing the statements of requests on the side that isn't used. The first statements of a connection cost the
//! server a few milliseconds each, because its process reads the catalogs anew; sixteen connections that pay it in the
//! first instant after a cutover make that instant several times as long. In come connections of both sides; out go
//! connections whose processes have parsed and planned everything that requests run.
//! Must not run a statement of a request, nor leave anything in the session but a mark.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, FromRow};

/// How many statements are remembered. A service that builds more than these by hand gains nothing from rehearsing.
const REMEMBERED: usize = 256;

/// What a session has prepared at the request of the driver.
const PREPARED: &str = "SELECT statement AS text, \
     ARRAY(SELECT format_type(t::oid, NULL) FROM unnest(parameter_types) WITH ORDINALITY AS p (t, n) ORDER BY n) AS types \
     FROM pg_prepared_statements WHERE NOT from_sql";

/// Hands a script to a session, unless that is the one it rehearsed last. One row if it has to run.
const HAND_OVER: &str = "SELECT set_config('rerp.rehearsal', $1, false) \
     WHERE current_setting('rerp.rehearsed', true) IS DISTINCT FROM md5($1)";

/// Plans each statement and undoes it. An INSERT opens the indexes of its table only when it runs, so they are opened
/// here, by asking for the size of each index of what parsing has locked. EXPLAIN plans before it looks at privileges,
/// which this side has revoked: that refusal is expected, and caught here so that the server doesn't log it. Every block
/// ends in an error on purpose: it releases the locks of planning, which would be in the way of whoever opens this side.
const REHEARSE: &str = "DO $rehearsal$ \
     DECLARE step jsonb; script text := current_setting('rerp.rehearsal'); \
     BEGIN \
       SET LOCAL plan_cache_mode = force_generic_plan; \
       SET LOCAL lock_timeout = '20ms'; \
       FOR step IN SELECT jsonb_array_elements(script::jsonb) LOOP \
         BEGIN \
           EXECUTE step->>'prepare'; \
           PERFORM pg_relation_size(i.indexrelid) FROM pg_locks l JOIN pg_index i ON i.indrelid = l.relation \
             WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'; \
           EXECUTE step->>'explain'; \
           RAISE EXCEPTION 'rehearsed'; \
         EXCEPTION WHEN OTHERS THEN NULL; \
         END; \
         IF EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'rerp_rehearsal') THEN \
           DEALLOCATE rerp_rehearsal; \
         END IF; \
       END LOOP; \
       PERFORM set_config('rerp.rehearsed', md5(script), false), set_config('rerp.rehearsal', '', false); \
     END $rehearsal$";

/// A statement as requests send it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
struct Statement {
    text: String,
    /// Names of its parameters' types, in order.
    types: Vec<String>,
}

impl Statement {
    fn rehearsed(&self) -> serde_json::Value {
        let list = |items: Vec<&str>| if items.is_empty() { String::new() } else { format!(" ({})", items.join(", ")) };
        let types = list(self.types.iter().map(String::as_str).collect());
        let nulls = list(vec!["NULL"; self.types.len()]);
        json!({
            "prepare": format!("PREPARE rerp_rehearsal{types} AS {}", self.text),
            "explain": format!("EXPLAIN EXECUTE rerp_rehearsal{nulls}"),
        })
    }
}

/// Every statement seen so far.
#[derive(Debug, Default)]
pub(crate) struct Script {
    statements: BTreeSet<Statement>,
}

impl Script {
    /// Adds what requests have run on this connection.
    ///
    /// # Errors
    /// The driver's.
    pub(crate) async fn learn(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let seen: Vec<Statement> = sqlx::query_as(PREPARED).persistent(false).fetch_all(connection).await?;
        let room = REMEMBERED.saturating_sub(self.statements.len());
        self.statements.extend(seen.into_iter().take(room));
        Ok(())
    }

    /// The script as [`rehearse`] takes it; `None` while there is nothing to rehearse.
    pub(crate) fn text(&self) -> Option<String> {
        let steps: Vec<_> = self.statements.iter().map(Statement::rehearsed).collect();
        (!steps.is_empty()).then(|| json!(steps).to_string())
    }
}

/// Goes through a script on a connection, unless it has done so before.
///
/// # Errors
/// The driver's. Statements that can't be planned here are none.
pub(crate) async fn rehearse(connection: &mut PgConnection, script: &str) -> Result<Rehearsed, sqlx::Error> {
    let handed_over = sqlx::query(HAND_OVER).persistent(false).bind(script).fetch_optional(&mut *connection).await?;
    if handed_over.is_none() {
        return Ok(Rehearsed::Before);
    }
    connection.execute(sqlx::raw_sql(REHEARSE)).await?;
    Ok(Rehearsed::Now)
}

/// When a connection went through its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rehearsed {
    /// In this call.
    Now,
    /// In an earlier one.
    Before,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_typed_and_unknown() {
        let statement = |types: &[&str]| Statement {
            text: "SELECT 1".into(),
            types: types.iter().map(ToString::to_string).collect(),
        };
        for (types, prepare, explain) in [
            (&[][..], "PREPARE rerp_rehearsal AS SELECT 1", "EXPLAIN EXECUTE rerp_rehearsal"),
            (
                &["uuid", "timestamp with time zone"],
                "PREPARE rerp_rehearsal (uuid, timestamp with time zone) AS SELECT 1",
                "EXPLAIN EXECUTE rerp_rehearsal (NULL, NULL)",
            ),
        ] {
            assert_eq!(statement(types).rehearsed(), json!({"prepare": prepare, "explain": explain}));
        }
    }
}
