//! Evidence that nobody but the service uses the moving tables any more: statements that were counted since right before the copy,
//! and sessions that hold locks on them.
//!
//! `read` asks the source, `judge` (pure) says what it amounts to. No text of a statement leaves `read`: it may hold personal data where
//! the server doesn't take constants out.

mod judge;
mod read;

pub use judge::{EVIDENCE, SESSION, STATEMENT, findings, gate};

use crate::run::Board;
use crate::spec::{Policy, Side};
use crate::status::{Evidence, Finding};
use crate::step::{Job, StepError};
use jiff::{SignedDuration, Timestamp};

/// How soon to look again: the statistics are read as a whole each time.
const AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// Writes down what has been counted so far: only what comes on top of it counts.
///
/// # Errors
/// The source can't be reached.
pub async fn begin(job: &Job, board: &Board) -> Result<(), StepError> {
    if job.spec.evidence.policy == Policy::Ignore {
        return Ok(());
    }
    let mut source = job.session(Side::Source, "evidence").await?;
    let found = read::read(&mut source, job).await?;
    let begun = judge::begun(found, Timestamp::now());
    board.update(|status| status.evidence = Some(begun));
    Ok(())
}

/// Looks, and puts what it finds onto the board, and why the switch has to wait, if it has.
///
/// # Errors
/// The source can't be reached.
pub async fn look(job: &Job, board: &Board) -> Result<(), StepError> {
    let wanted = job.spec.evidence;
    let (now, known) = (Timestamp::now(), board.status().evidence);
    if wanted.policy == Policy::Ignore {
        show(board, None, Vec::new());
        return Ok(());
    }
    // The gate opens by what has just been looked at only.
    let suffices =
        |seen: &Evidence| is_fresh(seen, now) && (wanted.policy == Policy::Warn || gate(&wanted, seen, now).is_some());
    let seen = match known {
        Some(seen) if suffices(&seen) => seen,
        known => {
            let mut source = job.session(Side::Source, "evidence").await?;
            let found = read::read(&mut source, job).await?;
            judge::counted(known, found, now)
        }
    };
    let closed = gate(&wanted, &seen, now);
    let found = findings(&wanted, &seen, now);
    show(board, Some(Evidence { closed, ..seen }), found);
    Ok(())
}

fn show(board: &Board, seen: Option<Evidence>, found: Vec<Finding>) {
    board.update(|status| {
        status.findings.retain(|finding| !EVIDENCE.contains(&finding.id.as_str()));
        status.findings.extend(found);
        status.evidence = seen;
    });
}

/// The first look at what was only begun comes at once.
fn is_fresh(seen: &Evidence, now: Timestamp) -> bool {
    seen.looked_at.is_some_and(|looked_at| now.duration_since(looked_at).abs() < AGAIN)
}
