//! What is wished and who owns, read from the journals.

use super::Board;
use crate::connect::Endpoint;
use crate::journal::{self, Wish};
use crate::phase::Owner;
use crate::spec::Side;
use crate::status::{Finding, Severity};
use crate::step::{Job, StepError};
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// The finding that both sides own.
pub const BOTH_OWN: &str = "both-own";

/// What no worker can decide: whose writes since then count.
fn both_own(schema: &str) -> Finding {
    Finding {
        id: BOTH_OWN.to_owned(),
        side: Side::Source,
        object: schema.to_owned(),
        message: "both sides claim to own the data: the source has come back without its last commits".to_owned(),
        fix: "take the service's rights on the source's tables away, set is_owner = false in the source's rerp_split.owner, \
              and bring over what was written there since"
            .to_owned(),
        severity: Severity::Fatal,
    }
}

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

/// Whether the source claims the data beside the target: after the cutover it has come back without its closing commit. The
/// board says so for as long as it does.
pub(super) async fn two_owners(job: &Job, board: &Board) -> Result<bool, StepError> {
    let owns = async |side, schema: &str| {
        let client = job.session(side, "owner").await?;
        let row = journal::read_owner(&client, schema).await?;
        Ok::<_, StepError>(row.is_some_and(|row| row.migration == job.id() && row.is_owner))
    };
    let (from, to) = (&job.spec.source.schema, &job.spec.target.schema);
    let both = owns(Side::Source, from).await? && owns(Side::Target, to).await?;
    board.update(|status| {
        status.findings.retain(|finding| finding.id != BOTH_OWN);
        status.findings.extend(both.then(|| both_own(from)));
    });
    Ok(both)
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
