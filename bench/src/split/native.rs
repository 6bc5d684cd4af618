//! Native logical replication with an initial copy: what a person does by hand. In: a database with tables on one side. Out: the same
//! on the other one.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Error;
use super::child::{Said, finish};
use super::pair::Pair;
use crate::postgres::SCHEMA;

/// Publication, subscription and slot.
pub(crate) const NAME: &str = "bench";
/// A copy that takes longer is a failure.
const LIMIT: Duration = Duration::from_secs(20 * 60);
/// Pause between two looks at it.
const LOOK: Duration = Duration::from_millis(100);

/// Everything from the schema to statistics, tables having their indexes while they fill, as a schema brings them.
pub(crate) fn copy(pair: &Pair, database: &str) -> Result<(), Error> {
    schema(pair, database)?;
    pair.source.ask(database, &format!("CREATE PUBLICATION {NAME} FOR ALL TABLES"))?;
    subscribe(pair, database, true)?;
    let begun = Instant::now();
    let missing = "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'";
    while pair.target.ask(database, missing)? != "0" {
        if begun.elapsed() > LIMIT {
            return Err(Error::TooLate { what: "the copy of a subscription" });
        }
        sleep(LOOK);
    }
    pair.target.ask(database, "ANALYZE").map(drop)?;
    Ok(())
}

/// Begins a stream; the publication is there.
pub(crate) fn subscribe(pair: &Pair, database: &str, copy: bool) -> Result<(), Error> {
    let from = pair.source.conninfo(database);
    let subscribe =
        format!("CREATE SUBSCRIPTION {NAME} CONNECTION '{from}' PUBLICATION {NAME} WITH (copy_data = {copy})");
    pair.target.ask(database, &subscribe).map(drop)?;
    Ok(())
}

/// Ends it, with its slot.
pub(crate) fn end(pair: &Pair, database: &str) -> Result<(), Error> {
    pair.target.ask(database, &format!("DROP SUBSCRIPTION IF EXISTS {NAME}"))?;
    pair.source.ask(database, &format!("DROP PUBLICATION IF EXISTS {NAME}")).map(drop)?;
    Ok(())
}

/// Tables, indexes, keys and rights, by `pg_dump`.
pub(crate) fn schema(pair: &Pair, database: &str) -> Result<(), Error> {
    let file = pair.source.dir().join("schema.sql");
    let mut dump = pair.source.client("pg_dump", "postgres");
    dump.args(["--schema-only", "--schema", SCHEMA, "--dbname", database, "--file"]).arg(&file);
    finish(dump, LIMIT)?;
    let mut restore = pair.target.client("psql", "postgres");
    restore.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-f"]).arg(&file);
    finish(restore, LIMIT).map(|_: Said| ())?;
    Ok(())
}
