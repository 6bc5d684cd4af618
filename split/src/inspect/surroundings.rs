//! A second look, for preflight alone: what is around the tables, who else has to do with them, which schemas
//! refer to each other, how far sequences are.
//!
//! In: a session and the inventory of the first look. Out: the same inventory with that filled in. It reads far more than what
//! moves, so the phases after preflight do without it: after a crash in the switch both sides are closed until the first look ends.

use super::{InspectError, Inventory, Reader, begin, end, links};
use crate::spec::{Side, Spec};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// How many sequences are read in one transaction: each is locked to its end, and the shared table of locks is finite.
const BATCH: usize = 200;

/// What is left to sequences that our login may read and that don't begin again.
const LEFT: &str = r#"
SELECT s.seqrelid, least(CASE WHEN s.seqincrement > 0
    THEN s.seqmax::numeric - coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart)
    ELSE coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart)::numeric - s.seqmin END / abs(s.seqincrement), 9e18)::int8
FROM pg_sequence s WHERE s.seqrelid = ANY($1) AND NOT s.seqcycle AND has_sequence_privilege(s.seqrelid, 'SELECT,USAGE')
"#;

/// Fills in `around`, `neighbours`, `mentions`, the source's `links`, and what is left to sequences.
///
/// # Errors
/// As `inspect`.
pub async fn surroundings(client: &mut Client, spec: &Spec, inventory: &mut Inventory) -> Result<(), InspectError> {
    let side = inventory.side;
    let oids: Vec<u32> = inventory.tables.iter().map(|table| table.oid).collect();
    let transaction = begin(client, side).await?;
    let reader = Reader { transaction: &transaction, side, spec };
    inventory.neighbours = reader.neighbours(&oids).await?;
    inventory.around = reader.around(&oids, &inventory.sequences).await?;
    inventory.mentions = reader.mentions(&oids).await?;
    if side == Side::Source {
        inventory.links = links::read(&transaction, side).await?;
    }
    end(transaction, side).await?;
    positions(client, inventory).await
}

/// Reads a few sequences at a time: who alters one waits for no more than these, and who draws from it no longer than he.
async fn positions(client: &mut Client, inventory: &mut Inventory) -> Result<(), InspectError> {
    let side = inventory.side;
    let wrap = |source| InspectError::Query { side, what: "positions of sequences", source };
    for batch in inventory.sequences.chunks_mut(BATCH) {
        let oids: Vec<u32> = batch.iter().map(|sequence| sequence.oid).collect();
        let transaction = begin(client, side).await?;
        let rows = transaction.query(LEFT, &[&oids]).await.map_err(wrap)?;
        end(transaction, side).await?;
        let left = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let left = left.collect::<Result<BTreeMap<u32, i64>, _>>().map_err(wrap)?;
        batch.iter_mut().for_each(|sequence| sequence.left = left.get(&sequence.oid).copied());
    }
    Ok(())
}
