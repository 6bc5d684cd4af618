//! Rehearsing the statements of requests on the next side, before it is used. The first statements of a connection cost the
//! server a few milliseconds each, because its process reads the catalogs anew; sixteen connections that pay it in the
//! first instant after a cutover make that instant several times as long. In come connections of both sides; out go
//! connections whose processes have parsed and planned everything that requests run.
//! Must not run a statement of a request, nor leave anything in the session but a mark.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, FromRow};

/// How many statements are remembered. A service that builds more than these by hand gains nothing from rehearsing.
const REMEMBERED: usize = 256;

/// What a session has prepared at the request of the driver.
const PREPARED: &str = "SELECT statement AS text, \
     ARRAY(SELECT format_type(t::oid, NULL) FROM unnest(parameter_types) WITH ORDINALITY AS p (t, n) ORDER BY n) AS types \
     FROM pg_prepared_statements WHERE NOT from_sql";

/// What a session rehearsed last, and on what: the script's number, and how many tables and indexes there were, since a
/// target gets its tables while it is being prepared and their indexes after the copy. One row if that has changed.
const STALE: &str = "WITH here AS ( \
       SELECT concat_ws('/', $1, count(*), max(c.oid)) AS mark FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
       WHERE n.nspname = ANY (current_schemas(false))) \
     SELECT mark FROM here WHERE current_setting('rerp.rehearsed', true) IS DISTINCT FROM mark";

/// Hands a script to a session, with the mark it leaves.
const HAND_OVER: &str = "SELECT set_config('rerp.rehearsal', $1, false), set_config('rerp.rehearsing', $2, false)";

/// Plans each statement and undoes it. An INSERT opens the indexes of its table only when it runs, so they are opened
/// here, by asking for the size of each index of what parsing has locked. EXPLAIN plans before it looks at privileges,
/// which this side has revoked: that refusal is expected, and caught here so that the server doesn't log it. Every block
/// ends in an error on purpose: it releases the locks of planning, which would be in the way of whoever opens this side.
/// What can't be planned here is left; what was only locked is tried again in the next round.
const REHEARSE: &str = "DO $rehearsal$ \
     DECLARE step jsonb; locked bool := false; \
     BEGIN \
       SET LOCAL plan_cache_mode = force_generic_plan; \
       SET LOCAL lock_timeout = '20ms'; \
       FOR step IN SELECT jsonb_array_elements(current_setting('rerp.rehearsal')::jsonb) LOOP \
         BEGIN \
           EXECUTE step->>'prepare'; \
           PERFORM pg_relation_size(i.indexrelid) FROM pg_locks l JOIN pg_index i ON i.indrelid = l.relation \
             WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'; \
           EXECUTE step->>'explain'; \
           RAISE EXCEPTION 'rehearsed'; \
         EXCEPTION \
           WHEN lock_not_available THEN locked := true; \
           WHEN OTHERS THEN NULL; \
         END; \
         IF EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'rerp_rehearsal') THEN \
           DEALLOCATE rerp_rehearsal; \
         END IF; \
       END LOOP; \
       IF NOT locked THEN \
         PERFORM set_config('rerp.rehearsed', current_setting('rerp.rehearsing'), false); \
       END IF; \
       PERFORM set_config('rerp.rehearsal', '', false); \
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
        let new: Vec<_> = seen.into_iter().filter(|one| !self.statements.contains(one)).take(room).collect();
        self.statements.extend(new);
        Ok(())
    }

    /// The script as it stands; `None` while there is nothing to rehearse.
    pub(crate) fn written(&self) -> Option<Written> {
        let steps: Vec<_> = self.statements.iter().map(Statement::rehearsed).collect();
        let text = (!steps.is_empty()).then(|| json!(steps).to_string())?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Some(Written { text, number: format!("{:x}", hasher.finish()) })
    }
}

/// A script that sessions can be given.
#[derive(Debug)]
pub(crate) struct Written {
    text: String,
    /// Another script has another number.
    number: String,
}

impl Written {
    /// Has a connection go through it, unless it has done so and nothing has changed since. True if there was work.
    ///
    /// # Errors
    /// The driver's. Statements that can't be planned here are none.
    pub(crate) async fn rehearse(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let stale = sqlx::query_scalar::<_, String>(STALE).persistent(false).bind(&self.number);
        let Some(mark) = stale.fetch_optional(&mut *connection).await? else { return Ok(false) };
        let hand_over = sqlx::query(HAND_OVER).persistent(false).bind(&self.text).bind(mark);
        hand_over.execute(&mut *connection).await?;
        connection.execute(sqlx::raw_sql(REHEARSE)).await?;
        Ok(true)
    }
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
