//! `abort`: takes a migration back, journals included.

use super::Ended;
use super::args::Sides;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::migrate::{drive_shown, write_wish};
use super::progress::Output;
use rerp_split::connect::Endpoint;
use rerp_split::journal::{self, JournalError, OwnerRow, Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::run::{Settings, Stopped};
use rerp_split::spec::Side;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;

/// How often the journal's removal is tried.
const FORGET_TRIES: u32 = 5;

/// Leaves nothing of the migration on either side.
pub(super) async fn abort(sides: Sides, output: &Output, stop: &CancellationToken) -> Result<Ended, Failure> {
    let settings = sides.choose(true).await?.settings;
    target_is_there(&settings).await?;
    check(&settings).await?;
    let wish =
        Wish { advance_to: Phase::Preflight, abort: true, suspend: false, services_prepared: false, until: None };
    write_wish(&settings, &wish, Turn::default()).await?;
    let (stopped, status) = drive_shown(&settings, None, output, stop).await?;
    match (stopped, status.phase) {
        (Stopped::Superseded, _) => return Ok(Ended::new(Exit::Superseded, Exit::Superseded.meaning())),
        (_, Phase::Aborted) => {}
        (Stopped::Asked, phase) => {
            return Ok(Ended::new(Exit::Stopped, format!("stopped in {phase}: run the same command again to go on")));
        }
        (Stopped::Settled, phase) => {
            return Ok(Ended::new(Exit::Failed, format!("not taken back, in {phase}: {}", status.message)));
        }
    }
    for endpoint in [&settings.source, &settings.target] {
        forget(endpoint, &settings.spec.migration).await?;
    }
    Ok(Ended::new(Exit::Done, "nothing of the migration is left on either side; the source owns the data as before"))
}

/// Both sides are needed. What is left on a target that is away is known to the journal on the source.
async fn target_is_there(settings: &Settings) -> Result<(), Failure> {
    let Err(error) = settings.target.connect("owner").await else { return Ok(()) };
    let (is_away, mut failure) = (error.out_of_reach().is_some(), Failure::from(error));
    let migration = &settings.spec.migration;
    if is_away
        && let Ok(source) = settings.source.connect("status").await
        && let Ok(Some(status)) = journal::read_status(&source, migration).await
    {
        let left = status.left_on(Side::Target, migration);
        failure.text += &format!("; until the target is back there remain on it: {left}");
    }
    Err(failure)
}

/// Once the target owns, or may come to own, an abort would lead forward.
async fn check(settings: &Settings) -> Result<(), Failure> {
    let spec = &settings.spec;
    let owner = async |endpoint: &Endpoint, schema: &str| -> Result<Option<OwnerRow>, Failure> {
        let row = journal::read_owner(&endpoint.connect("owner").await?, schema).await?;
        Ok(row.filter(|row| row.migration == spec.migration))
    };
    let migration = spec.migration.clone();
    if owner(&settings.target, &spec.target.schema).await?.is_some_and(|row| row.is_owner) {
        return Err(Refusal::TargetOwns { migration }.into());
    }
    if owner(&settings.source, &spec.source.schema).await?.is_some_and(|row| !row.is_owner) {
        return Err(Refusal::Decided { migration }.into());
    }
    Ok(())
}

/// Dropping the journal's schema may meet a last statement of somebody who still reads it: one of them is told to try
/// again.
async fn forget(endpoint: &Endpoint, migration: &str) -> Result<(), Failure> {
    let mut tries = 1;
    loop {
        match journal::forget(&endpoint.connect("forget").await?, migration).await {
            Err(JournalError::Query { source, .. })
                if source.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) && tries < FORGET_TRIES =>
            {
                tries += 1;
            }
            done => return Ok(done?),
        }
    }
}
