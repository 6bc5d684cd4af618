//! The freeze of DDL on what moves: an event trigger on the source that names the migration.
//!
//! It spares people an accident; it is not the guard. `VACUUM FULL`, `TRUNCATE` and concurrent index builds pass it
//! (the copy's locks and the fence's schema hash are for those), and a superuser may disable it. The migration's own
//! sessions say who they are in a setting and pass.

use crate::failpoint::{self, Step};
use crate::journal;
use crate::names;
use crate::spec::Spec;
use crate::sql;
use crate::step::{Job, StepError, failed};
use tokio_postgres::Client;

/// The names of the two triggers that `name` stands for.
#[must_use]
pub fn event_triggers(name: &str) -> [String; 2] {
    ["end", "drop"].map(|suffix| format!("{name}_{suffix}"))
}

/// The function and the two triggers: `ddl_command_end` for what is made or changed, `sql_drop` for what goes.
#[must_use]
pub fn freeze_sql(spec: &Spec) -> Vec<String> {
    let name = names::ddl_trigger(&spec.migration);
    let function = format!("rerp_split.{}", sql::ident(&name));
    let [end, drop] = event_triggers(&name).map(|name| sql::ident(&name));
    vec![
        function_sql(spec, &function),
        format!("DROP EVENT TRIGGER IF EXISTS {end}"),
        format!("CREATE EVENT TRIGGER {end} ON ddl_command_end EXECUTE FUNCTION {function}()"),
        format!("DROP EVENT TRIGGER IF EXISTS {drop}"),
        format!("CREATE EVENT TRIGGER {drop} ON sql_drop EXECUTE FUNCTION {function}()"),
    ]
}

/// Whether `o`, an object that an event trigger is told of, belongs to what moves, in `schema`. With a list of tables these
/// do, matched by the identity that the server prints. So does a new partition of a moving table, wherever it is.
pub(super) fn moving_sql(spec: &Spec, schema: &str) -> String {
    let schema = sql::literal(schema);
    let (object, parent) = match &spec.tables {
        None => (format!("o.schema_name = {schema}"), "true".to_owned()),
        Some(tables) => {
            let name = |table: &String| format!("format('%I.%I', {schema}, {})", sql::literal(table));
            let object = format!(
                "EXISTS (SELECT FROM unnest(ARRAY[{}]) AS t(name) WHERE o.identity = t.name \
                 OR starts_with(o.identity, t.name || '.') OR o.identity LIKE '% on ' || t.name)",
                tables.iter().map(name).collect::<Vec<_>>().join(", ")
            );
            let names: Vec<String> = tables.iter().map(|table| sql::literal(table)).collect();
            (object, format!("p.relname IN ({})", names.join(", ")))
        }
    };
    format!(
        "({object} OR (o.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_inherits AS i \
         JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS n ON n.oid = p.relnamespace \
         WHERE i.inhrelid = o.objid AND n.nspname = {schema} AND {parent})))"
    )
}

/// Rights aren't definitions: GRANT and REVOKE stay possible.
fn function_sql(spec: &Spec, function: &str) -> String {
    let moving = moving_sql(spec, &spec.source.schema);
    let id = sql::literal(&spec.migration);
    format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS event_trigger LANGUAGE plpgsql \
         SET search_path = pg_catalog, pg_temp AS $freeze$
DECLARE
    found text;
BEGIN
    IF coalesce(current_setting('rerp_split.migration', true), '') = {id} OR tg_tag IN ('GRANT', 'REVOKE') THEN
        RETURN;
    END IF;
    IF tg_event = 'sql_drop' THEN
        SELECT o.object_identity INTO found FROM (SELECT classid, objid, schema_name, object_identity, object_identity AS identity,
            is_temporary FROM pg_event_trigger_dropped_objects()) o WHERE NOT o.is_temporary AND {moving} LIMIT 1;
    ELSE
        SELECT o.identity INTO found FROM (SELECT classid, objid, schema_name, object_identity AS identity
            FROM pg_event_trigger_ddl_commands()) o WHERE {moving} LIMIT 1;
    END IF;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'migration % is moving %: its definition is frozen until the migration ends', {id}, found
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Abort the migration, or wait for it.';
    END IF;
END $freeze$"
    )
}

/// Freezes DDL on what moves; safe to run again.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn freeze(job: &Job, source: &mut Client) -> Result<(), StepError> {
    journal::cleanup::intend(source, job.id(), job.run, "event trigger", &names::ddl_trigger(job.id())).await?;
    failpoint::step(Step::FreezeIntended).await;
    let transaction = job.begin(source).await?;
    transaction.batch_execute(&freeze_sql(&job.spec).join("; ")).await.map_err(failed("freeze DDL on the source"))?;
    transaction.commit().await.map_err(failed("freeze DDL on the source"))
}
