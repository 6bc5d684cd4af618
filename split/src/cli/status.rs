//! `status`: what the journal on the source says, and what can be done.

use super::Ended;
use super::args::Sides;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::progress::{Event, Output};
use rerp_split::journal::{self, Known};
use rerp_split::phase::Phase;
use rerp_split::report;
use rerp_split::spec::Side;
use rerp_split::status::Status;

/// A worker that was heard this long ago is at work, in seconds: it tells every two.
const ALIVE_S: i64 = 15;

/// Prints one migration, or all of them if none is named.
pub(super) async fn status(sides: Sides, output: &Output) -> Result<Ended, Failure> {
    let asked = sides.migration()?;
    let source = sides.endpoint(Side::Source, asked.as_deref().unwrap_or("status"))?;
    let client = source.connect("status").await?;
    let all = journal::known(&client).await?;
    let Some(migration) = asked else {
        output.result(&list(&all));
        all.iter().for_each(|one| output.tell(&one_of(one, Status::default())));
        return Ok(Ended::new(Exit::Done, ""));
    };
    let Some(known) = all.iter().find(|known| known.migration == migration) else {
        let others: Vec<&str> = all.iter().map(|known| known.migration.as_str()).collect();
        let others = if others.is_empty() { String::new() } else { format!("; there are {}", others.join(", ")) };
        return Err(Refusal::NoMigration { migration, others }.into());
    };
    let status = journal::read_status(&client, &migration).await?.unwrap_or_default();
    output.result(&(report::status(&status) + &about(known, &status)));
    output.tell(&one_of(known, status));
    Ok(Ended::new(Exit::Done, ""))
}

fn one_of(known: &Known, status: Status) -> Event {
    let phase = known.phase.parse().unwrap_or(status.phase);
    Event::Status {
        name: known.migration.clone(),
        status: Box::new(Status { phase, ..status }),
        advance_to: known.advance_to.clone(),
        heard_seconds: known.heard_seconds,
        source_owns: known.source_owns,
    }
}

fn list(all: &[Known]) -> String {
    if all.is_empty() {
        return "the source knows of no migration\n".to_owned();
    }
    all.iter().map(|known| format!("{}: {}, {}\n", known.migration, known.phase, worker(known))).collect()
}

fn about(known: &Known, status: &Status) -> String {
    let owner = match known.source_owns {
        None => "the source owns the data; nothing says otherwise yet",
        Some(true) if status.phase == Phase::RolledBack => "the source owns the data again",
        Some(true) => "the source owns the data",
        Some(false) if status.phase.is_after_cutover() => "the target owns the data",
        Some(false) if status.phase == Phase::RollingBack => "the data goes back to the source",
        Some(false) => "the source has closed",
    };
    let may = match (&known.advance_to, known.abort) {
        (_, true) => "it is to be taken back".to_owned(),
        (Some(phase), false) => format!("it may go on to {phase}"),
        (None, false) => "nobody has said how far it may go".to_owned(),
    };
    let epoch = if status.epoch > 0 { format!(", at epoch {}", status.epoch) } else { String::new() };
    let may = if is_over(status.phase) { String::new() } else { format!("{may}; ") };
    format!("{owner}{epoch}; {may}{}\n{}\n", worker(known), next(known, status))
}

fn is_over(phase: Phase) -> bool {
    [Phase::Completed, Phase::Aborted].contains(&phase)
}

fn worker(known: &Known) -> String {
    match known.heard_seconds {
        None => "nobody has worked on it".to_owned(),
        Some(seconds) if is_alive(known) => format!("a process is at work, last heard {seconds} s ago"),
        Some(seconds) => format!("no process is at work, the last was heard {seconds} s ago"),
    }
}

fn is_alive(known: &Known) -> bool {
    known.heard_seconds.is_some_and(|seconds| seconds <= ALIVE_S) && !known.phase.parse().is_ok_and(is_over)
}

/// One sentence about what a person can do.
fn next(known: &Known, status: &Status) -> &'static str {
    match status.phase {
        Phase::Completed => "nothing is left to do",
        Phase::Aborting | Phase::Aborted => "`abort` finishes taking it back",
        Phase::Failed => "`abort` takes it back; then mend the cause and run it again",
        Phase::Preflight | Phase::Finalize if status.is_refused() => {
            "mend what is fatal among the findings, then `run` again"
        }
        _ if is_alive(known) => "wait, or stop that process: the same `run` goes on later",
        Phase::ReadyForCutover => "`run` switches; `abort` takes all of it back",
        Phase::RollingBack => "`rollback` goes on; `run` takes it back unless it has been decided",
        Phase::RolledBack => "`rollback --undo` goes forward again; `abort` takes all of it back",
        Phase::Observe if status.way_back.as_ref().is_some_and(|way| way.possible) => {
            "`run` finishes it; `rollback` gives the data back"
        }
        Phase::Finalize if status.cleanup.is_some() => {
            "`run` deals with the old tables when it is time; until then nobody needs to be at work"
        }
        phase if phase.is_after_cutover() => "`run` finishes it",
        _ => "`run` goes on; `abort` takes all of it back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(phase: Phase, heard_seconds: Option<i64>) -> Known {
        Known {
            migration: "m".into(),
            phase: phase.to_string(),
            advance_to: Some("Completed".into()),
            abort: false,
            heard_seconds,
            source_owns: Some(true),
        }
    }

    #[test]
    fn a_person_reads_who_owns_who_works_and_what_can_be_done() {
        let status = Status { phase: Phase::Copy, ..Status::default() };
        let text = about(&known(Phase::Copy, Some(300)), &status);
        assert_eq!(
            text,
            "the source owns the data; it may go on to Completed; no process is at work, the last was heard 300 s ago\n\
             `run` goes on; `abort` takes all of it back\n"
        );
        assert!(about(&known(Phase::Copy, Some(1)), &status).contains("stop that process"));
        let back = about(&known(Phase::RolledBack, None), &Status { phase: Phase::RolledBack, epoch: 2, ..status });
        assert!(back.starts_with("the source owns the data again, at epoch 2; ") && back.contains("rollback --undo"));
        let over = Status { phase: Phase::Completed, epoch: 1, ..Status::default() };
        let text = about(&Known { source_owns: Some(false), ..known(Phase::Completed, Some(1)) }, &over);
        assert!(text.starts_with("the target owns the data, at epoch 1; no process is at work"), "{text}");
        assert_eq!(list(&[known(Phase::Pending, None)]), "m: Pending, nobody has worked on it\n");
    }
}
