//! The watch over definitions on the target: an event trigger that ends the way back once they change.
//!
//! The source couldn't take what other definitions allow, and rows that a change of a table writes anew are in no stream. Nothing is
//! refused: the target is the service's own. The row that says what the definitions were goes with the change, in its transaction.

use super::freeze::moving_sql;
use crate::journal;
use crate::names;
use crate::spec::Spec;
use crate::sql;
use crate::step::{Job, StepError, failed};
use tokio_postgres::Client;

/// What changes neither what a row may be nor what is in it. A unique index does; the comparison of definitions sees it.
const HARMLESS: &str = "'GRANT', 'REVOKE', 'COMMENT', 'CREATE INDEX', 'ALTER INDEX', 'DROP INDEX', 'REINDEX', \
    'CREATE STATISTICS', 'ALTER STATISTICS', 'DROP STATISTICS', 'REFRESH MATERIALIZED VIEW'";

/// The function and the two triggers: for what is made or changed, and for what goes. A changed type counts wherever it is: a column
/// may be of it.
#[must_use]
pub fn watch_sql(spec: &Spec) -> Vec<String> {
    let name = names::watch_trigger(&spec.migration);
    let function = format!("rerp_split.{}", sql::ident(&name));
    let moving = moving_sql(spec, &spec.target.schema);
    let id = sql::literal(&spec.migration);
    // Whoever changes a definition has no right on the journal.
    let body = format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER \
         SET search_path = pg_catalog, pg_temp AS $watch$
DECLARE
    changed boolean;
BEGIN
    IF coalesce(current_setting('rerp_split.migration', true), '') = {id} OR tg_tag IN ({HARMLESS}) THEN
        RETURN;
    END IF;
    IF tg_event = 'sql_drop' THEN
        changed := EXISTS (SELECT FROM (SELECT classid, objid, schema_name, object_identity AS identity, is_temporary
            FROM pg_event_trigger_dropped_objects()) AS o WHERE NOT o.is_temporary AND {moving});
    ELSE
        changed := tg_tag IN ('ALTER TYPE', 'ALTER DOMAIN') OR EXISTS (SELECT FROM (
            SELECT classid, objid, schema_name, object_identity AS identity FROM pg_event_trigger_ddl_commands()) AS o WHERE {moving});
    END IF;
    IF changed THEN
        DELETE FROM rerp_split.definition AS d WHERE d.migration = {id};
    END IF;
END $watch$"
    );
    let trigger = |event: &str, suffix: &str| {
        let trigger = sql::ident(&format!("{name}_{suffix}"));
        [
            format!("DROP EVENT TRIGGER IF EXISTS {trigger}"),
            format!("CREATE EVENT TRIGGER {trigger} ON {event} EXECUTE FUNCTION {function}()"),
        ]
    };
    std::iter::once(body).chain(trigger("ddl_command_end", "end")).chain(trigger("sql_drop", "drop")).collect()
}

/// Watches from now on; safe to run again.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn watch(job: &Job, target: &mut Client) -> Result<(), StepError> {
    let action = "watch the definitions on the target";
    journal::cleanup::intend(target, job.id(), job.run, "event trigger", &names::watch_trigger(job.id())).await?;
    let transaction = job.begin(target).await?;
    transaction.batch_execute(&watch_sql(&job.spec).join("; ")).await.map_err(failed(action))?;
    transaction.commit().await.map_err(failed(action))
}
