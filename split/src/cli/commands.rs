//! One function per command.

use super::{Exit, Failure, admin};
use rerp_split::connect::Endpoint;
use rerp_split::journal::{self, JournalError, Wish};
use rerp_split::phase::Phase;
use rerp_split::report;
use rerp_split::run::{self, Board, Settings, Stopped, drive, survey};
use rerp_split::sever::{self, Undone};
use rerp_split::status::Status;
use rerp_split::step::{Class, Job, chain};
use rerp_split::verify::{Comparison, Observer};
use std::sync::Arc;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;

/// How often the journal's removal is tried.
const FORGET_TRIES: u32 = 5;

/// A job without a run number: it reads, and writes nothing that is fenced.
fn reader(settings: &Settings) -> Job {
    Job {
        spec: settings.spec.clone(),
        source: settings.source.clone(),
        target: settings.target.clone(),
        run: 0,
        pg_dump: settings.pg_dump.clone(),
    }
}

pub(super) async fn plan(settings: Settings) -> Result<Exit, Failure> {
    let survey = survey(&reader(&settings)).await?;
    print!("{}", report::findings(&survey.findings));
    match survey.plan {
        Some(plan) => {
            println!("{plan}");
            Ok(Exit::Done)
        }
        None => Ok(Exit::Refused),
    }
}

pub(super) async fn migrate(settings: Settings, advance_to: Phase, stop: &CancellationToken) -> Result<Exit, Failure> {
    let wish = Wish { advance_to, abort: false, suspend: false, services_prepared: true };
    write_wish(&settings, &wish).await?;
    let board = Board::new(&settings.spec.migration);
    let stopped = drive(&settings, &board, stop).await?;
    let status = board.status();
    print!("{}", report::status(&status));
    Ok(exit(stopped, &status, advance_to))
}

fn exit(stopped: Stopped, status: &Status, advance_to: Phase) -> Exit {
    match (stopped, status.phase) {
        (Stopped::Superseded, _) => Exit::Superseded,
        (_, Phase::Failed | Phase::Aborted) => Exit::Failed,
        (_, Phase::Preflight) if status.is_refused() => Exit::Refused,
        (Stopped::Settled, phase) if phase >= advance_to.min(Phase::Observe) => Exit::Done,
        _ => Exit::Failed,
    }
}

pub(super) async fn abort(settings: Settings, stop: &CancellationToken) -> Result<Exit, Failure> {
    let wish = Wish { advance_to: Phase::Preflight, abort: true, suspend: false, services_prepared: false };
    write_wish(&settings, &wish).await?;
    let board = Board::new(&settings.spec.migration);
    let stopped = drive(&settings, &board, stop).await?;
    let status = board.status();
    print!("{}", report::status(&status));
    if stopped != Stopped::Settled || status.phase != Phase::Aborted {
        return Ok(if stopped == Stopped::Superseded { Exit::Superseded } else { Exit::Failed });
    }
    for endpoint in [&settings.source, &settings.target] {
        forget(endpoint, &settings.spec.migration).await?;
    }
    Ok(Exit::Done)
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

pub(super) async fn status(settings: Settings, json: bool) -> Result<Exit, Failure> {
    let client = settings.source.connect("status").await?;
    let Some(status) = journal::read_status(&client, &settings.spec.migration).await? else {
        println!("there is no migration {}", settings.spec.migration);
        return Ok(Exit::Failed);
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        print!("{}", report::status(&status));
    }
    Ok(Exit::Done)
}

/// Tokens are written under the run of whoever works on the migration: this takes it over, so it can't be used beside
/// a worker.
pub(super) async fn verify(settings: Settings) -> Result<Exit, Failure> {
    let job = run::take(&settings).await?;
    match run::compare(&job, &Printer).await {
        Ok(comparison) if comparison.mismatches.is_empty() => {
            println!("{} rows in {} chunks are the same on both sides", comparison.rows, comparison.chunks);
            Ok(Exit::Done)
        }
        Ok(comparison) => {
            comparison.mismatches.iter().for_each(|key| println!("differs: {key}"));
            Ok(Exit::Failed)
        }
        Err(error) if error.class() == Class::Superseded => Ok(Exit::Superseded),
        Err(error) => {
            eprintln!("rerp-split: could not verify: {}", chain(&error));
            Ok(Exit::NotVerified)
        }
    }
}

/// As `verify`, it takes the migration over.
pub(super) async fn undo_foreign_keys(settings: Settings) -> Result<Exit, Failure> {
    let job = run::take(&settings).await?;
    match sever::undo(&job).await {
        Ok(Undone::Done(seen)) => {
            print!("{}{}", report::foreign_keys(&seen.keys), report::findings(&seen.findings));
            Ok(if seen.findings.is_empty() { Exit::Done } else { Exit::Failed })
        }
        Ok(Undone::Refused(reasons)) => {
            reasons.iter().for_each(|why| println!("refused: {why}"));
            Ok(Exit::Refused)
        }
        Err(error) if error.class() == Class::Superseded => Ok(Exit::Superseded),
        Err(error) => Err(error.into()),
    }
}

struct Printer;

impl Observer for Printer {
    fn compared(&self, comparison: &Comparison) {
        tracing::info!(rows = comparison.rows, chunks = comparison.chunks, "compared");
    }
}

pub(super) async fn worker(settings: Settings, address: &str, stop: &CancellationToken) -> Result<Exit, Failure> {
    let board = Board::new(&settings.spec.migration);
    let listener = tokio::net::TcpListener::bind(address).await?;
    tokio::spawn(admin::serve(listener, Arc::clone(&board)));
    match drive(&settings, &board, stop).await? {
        Stopped::Superseded => Ok(Exit::Superseded),
        Stopped::Asked | Stopped::Settled => Ok(Exit::Done),
    }
}

async fn write_wish(settings: &Settings, wish: &Wish) -> Result<(), Failure> {
    let client = settings.source.connect("wish").await?;
    journal::ensure(&client).await?;
    Ok(journal::write_wish(&client, &settings.spec.migration, wish).await?)
}
