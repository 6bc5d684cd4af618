//! What is wished and who owns, read from the journals.

use super::Board;
use crate::connect::Endpoint;
use crate::journal::{self, Turn, Wish};
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
fn both_own(side: Side, schema: &str) -> Finding {
    Finding {
        id: BOTH_OWN.to_owned(),
        side,
        object: schema.to_owned(),
        message: format!("both sides claim to own the data: the {side} has come back without its last commits"),
        fix: format!(
            "take the service's rights on the {side}'s tables away, set is_owner = false in the {side}'s rerp_split.owner, and \
             bring over what was written there since"
        ),
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
    let other = journal::read_owner(&target, &job.spec.target.schema).await?;
    // A side that is closed is armed for the next epoch before the other one gives up the present one.
    match other.filter(|other| other.migration == job.id()) {
        Some(other) if other.is_owner => Ok((Owner::Target, other.epoch)),
        other => Ok((Owner::Neither, other.map_or(row.epoch, |other| other.epoch.max(row.epoch)))),
    }
}

/// Whether `closed` claims the data beside the other side: it has come back without its closing commit. The board says so for as
/// long as it does.
pub(super) async fn two_owners(job: &Job, board: &Board, closed: Side) -> Result<bool, StepError> {
    let owns = async |side, schema: &str| {
        let client = job.session(side, "owner").await?;
        let row = journal::read_owner(&client, schema).await?;
        Ok::<_, StepError>(row.is_some_and(|row| row.migration == job.id() && row.is_owner))
    };
    let (from, to) = (&job.spec.source.schema, &job.spec.target.schema);
    let both = owns(Side::Source, from).await? && owns(Side::Target, to).await?;
    board.update(|status| {
        status.findings.retain(|finding| finding.id != BOTH_OWN);
        status.findings.extend(both.then(|| both_own(closed, &job.spec.side(closed).schema)));
    });
    Ok(both)
}

/// What is wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wished {
    /// How far to go.
    pub(super) wish: Wish,
    /// Whether the data is to change hands once more.
    pub(super) turn: Turn,
}

/// Reads the wish again and again; the last one known stands while the source can't be read.
pub(super) fn follow_wish(
    source: Endpoint,
    migration: String,
    first: Wished,
    stop: CancellationToken,
) -> watch::Receiver<Wished> {
    let (sender, receiver) = watch::channel(first);
    tokio::spawn(async move {
        let mut client: Option<Client> = None;
        while !stop.is_cancelled() && !sender.is_closed() {
            tokio::time::sleep(super::WISH_POLL).await;
            match read(&source, &migration, &mut client).await {
                Ok(Some(wished)) => {
                    sender.send_if_modified(|present| std::mem::replace(present, wished) != wished);
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

async fn read(source: &Endpoint, migration: &str, client: &mut Option<Client>) -> Result<Option<Wished>, StepError> {
    let open = match client.take() {
        Some(open) if !open.is_closed() => open,
        _ => source.connect("wish").await?,
    };
    let wished = wished(&open, migration).await;
    *client = Some(open);
    wished
}

/// What the journal says now; none if there is no wish.
pub(super) async fn wished(source: &Client, migration: &str) -> Result<Option<Wished>, StepError> {
    let Some(wish) = journal::read_wish(source, migration).await? else { return Ok(None) };
    Ok(Some(Wished { wish, turn: journal::read_turn(source, migration).await? }))
}
