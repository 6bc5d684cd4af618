//! The replication slot whose creation exports the snapshot that the copy reads.
//!
//! Only the replication protocol exports a snapshot (`pg_create_logical_replication_slot` doesn't), and the snapshot
//! lives until that session's next command.

use crate::failpoint::{self, Step};
use crate::journal;
use crate::spec::Side;
use crate::sql;
use crate::step::{Job, StepError, failed, within};
use tokio_postgres::{Client, SimpleQueryMessage};

/// A new slot waits for every transaction that is writing anywhere on the server.
const LIMIT_S: u64 = 120;

/// The replication command.
#[must_use]
pub fn slot_sql(slot: &str) -> String {
    format!("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput (SNAPSHOT 'export')", sql::ident(slot))
}

/// Creates the slot; returns the session that must stay untouched and the snapshot's name.
pub(super) async fn create(job: &Job, slot: &str) -> Result<(Client, String), StepError> {
    let journal = job.session(Side::Source, "journal").await?;
    // Connected before the run is checked: a successor ends the sessions of older runs before it sweeps, so whoever sleeps here
    // has nothing left to make a slot with when he wakes up.
    let client = job.source.connect_replication("slot").await?;
    journal::cleanup::intend(&journal, job.id(), job.run, "slot", slot).await?;
    failpoint::step(Step::SlotIntended).await;
    let action = "create the replication slot";
    let command = async { client.simple_query(&slot_sql(slot)).await.map_err(failed(action)) };
    let answer = match within("creating the replication slot (it waits for open transactions)", LIMIT_S, command).await
    {
        Ok(answer) => answer,
        Err(error) => {
            end_creation(&journal, &job.source.application_name("slot")).await?;
            return Err(error);
        }
    };
    for message in answer {
        if let SimpleQueryMessage::Row(row) = message
            && let Some(snapshot) = row.get("snapshot_name")
        {
            return Ok((client, snapshot.to_owned()));
        }
    }
    Err(StepError::Doomed("the server exported no snapshot with the slot".into()))
}

/// A WAL sender that waits for transactions doesn't notice that its client has left.
async fn end_creation(journal: &Client, application: &str) -> Result<(), StepError> {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    journal.execute(end, &[&application]).await.map(drop).map_err(failed("end the creation of the slot"))
}
