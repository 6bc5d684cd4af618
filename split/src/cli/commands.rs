//! Commands that need few words: the plan, foreign keys, and the worker of a cluster.

use super::args::Sides;
use super::exit::Exit;
use super::failure::Failure;
use super::progress::{Event, Output};
use super::settings::Chosen;
use super::{Ended, admin};
use rerp_split::report;
use rerp_split::run::{self, Board, Settings, Stopped, drive, survey};
use rerp_split::sever::{self, Undone};
use rerp_split::step::Job;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Findings, and every statement.
pub(super) async fn plan(sides: Sides, output: &Output) -> Result<Ended, Failure> {
    let chosen = sides.choose(false).await?;
    roles(&chosen, output);
    let survey = survey(&reader(&chosen.settings)).await?;
    for finding in &survey.findings {
        if output.is_json() {
            output.tell(&Event::Finding(finding.clone()));
        }
    }
    output.result(&report::findings(&survey.findings));
    let Some(plan) = survey.plan else {
        let message = "refused: mend what is fatal among the findings, then plan again";
        return Ok(Ended::new(Exit::Refused, message));
    };
    if output.is_json() {
        for planned in &plan.statements {
            let (phase, side, sql) = (planned.phase, planned.side, planned.sql.clone());
            output.tell(&Event::Statement { phase, side, sql });
        }
        output.tell(&Event::Plan { plan_hash: plan.hash() });
    }
    output.result(&format!("{plan}\n"));
    Ok(Ended::new(Exit::Done, "nothing has been changed; `run` does this"))
}

/// Says which roles nobody named.
pub(super) fn roles(chosen: &Chosen, output: &Output) {
    if chosen.derived {
        output.tell(&Event::Roles(chosen.settings.spec.source.roles.clone()));
    }
}

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

/// Takes the migration over, so it can't be used beside a worker.
pub(super) async fn undo_foreign_keys(sides: Sides, output: &Output) -> Result<Ended, Failure> {
    let settings = sides.choose(true).await?.settings;
    let job = run::take(&settings).await?;
    match sever::undo(&job).await? {
        Undone::Done(seen) => {
            output.result(&(report::foreign_keys(&seen.keys) + &report::findings(&seen.findings)));
            let (whole, message) = if seen.findings.is_empty() {
                (Exit::Done, "all severed foreign keys are made again")
            } else {
                (Exit::Failed, "not every foreign key is as it was: see the findings")
            };
            if output.is_json() {
                seen.keys.into_iter().map(Event::ForeignKey).for_each(|event| output.tell(&event));
                seen.findings.into_iter().map(Event::Finding).for_each(|event| output.tell(&event));
            }
            Ok(Ended::new(whole, message))
        }
        Undone::Refused(reasons) => {
            output.result(&reasons.iter().map(|why| format!("refused: {why}\n")).collect::<String>());
            Ok(Ended::new(Exit::Refused, format!("nothing has been changed: {}", reasons.join("; "))))
        }
    }
}

/// Serves until told to end.
pub(super) async fn worker(settings: Settings, address: &str, stop: &CancellationToken) -> Result<Ended, Failure> {
    let board = Board::new(&settings.spec.migration);
    let listener = tokio::net::TcpListener::bind(address).await?;
    tokio::spawn(admin::serve(listener, Arc::clone(&board)));
    match drive(&settings, &board, stop).await? {
        Stopped::Superseded => Ok(Ended::new(Exit::Superseded, Exit::Superseded.meaning())),
        Stopped::Asked | Stopped::Settled => Ok(Ended::new(Exit::Done, "")),
    }
}
