//! What is wished and who owns, read from the journals.

use crate::connect::Endpoint;
use crate::journal::{self, Wish};
use crate::phase::Owner;
use crate::spec::Side;
use crate::step::{Job, StepError};
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// Who owns the data, and at which epoch.
pub(super) async fn owner(job: &Job) -> Result<(Owner, i64), StepError> {
    let source = job.session(Side::Source, "owner").await?;
    let row = journal::read_owner(&source, &job.spec.source.schema).await?;
    let Some(row) = row.filter(|row| row.migration == job.id()) else { return Ok((Owner::Source, 0)) };
    if row.is_owner {
        return Ok((Owner::Source, row.epoch));
    }
    let target = job.session(Side::Target, "owner").await?;
    let opened = journal::read_owner(&target, &job.spec.target.schema).await?;
    let is_open = opened.is_some_and(|opened| opened.migration == job.id() && opened.is_owner);
    Ok((if is_open { Owner::Target } else { Owner::Neither }, row.epoch))
}

/// Whether the source claims the data beside the target: after the cutover it has come back without its closing commit.
pub(super) async fn both_own(job: &Job) -> Result<bool, StepError> {
    let owns = async |side, schema: &str| {
        let client = job.session(side, "owner").await?;
        let row = journal::read_owner(&client, schema).await?;
        Ok::<_, StepError>(row.is_some_and(|row| row.migration == job.id() && row.is_owner))
    };
    Ok(owns(Side::Source, &job.spec.source.schema).await? && owns(Side::Target, &job.spec.target.schema).await?)
}

/// Reads the wish again and again; the last one known stands while the source can't be read.
pub(super) fn follow_wish(
    source: Endpoint,
    migration: String,
    first: Wish,
    stop: CancellationToken,
) -> watch::Receiver<Wish> {
    let (sender, receiver) = watch::channel(first);
    tokio::spawn(async move {
        let mut client: Option<Client> = None;
        while !stop.is_cancelled() && !sender.is_closed() {
            tokio::time::sleep(super::WISH_POLL).await;
            match read(&source, &migration, &mut client).await {
                Ok(Some(wish)) => {
                    sender.send_if_modified(|present| std::mem::replace(present, wish) != wish);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "the wish is not readable");
                    client = None;
                }
            }
        }
    });
    receiver
}

async fn read(source: &Endpoint, migration: &str, client: &mut Option<Client>) -> Result<Option<Wish>, StepError> {
    let open = match client.take() {
        Some(open) if !open.is_closed() => open,
        _ => source.connect("wish").await?,
    };
    let wish = journal::read_wish(&open, migration).await;
    *client = Some(open);
    Ok(wish?)
}
