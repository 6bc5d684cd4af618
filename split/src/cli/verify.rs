//! `verify`: compares any two databases by reading alone, with a migration or without one.

use super::Ended;
use super::args::Sides;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::progress::{Event, Output, say};
use rerp_split::phase::Phase;
use rerp_split::run::Board;
use rerp_split::spec::Side;
use rerp_split::status::Verification;
use rerp_split::step::StepError;
use rerp_split::verify::{Comparison, Observer, Scope, ScopeError, scope};
use tokio_util::sync::CancellationToken;

/// How it begins where nothing was found out.
const UNKNOWN: &str = "could not verify";

/// Compares, and tells what differs.
pub(super) async fn verify(sides: Sides, output: &Output, stop: &CancellationToken) -> Result<Ended, Failure> {
    let spec = sides.reading()?;
    let (from, to) = (sides.endpoint(Side::Source, &spec.migration)?, sides.endpoint(Side::Target, &spec.migration)?);
    let scope = match scope(&from, &to, &spec).await {
        Ok(scope) => scope,
        Err(ScopeError::Nothing(why)) => return Err(Refusal::Other(why).into()),
        Err(ScopeError::Step(error)) => return Ok(unknown(error)),
    };
    if !scope.is_linked && !output.is_json() {
        say(
            "no stream between the two is seen: what is brought over by other means counts as different while it is on its way\n",
        );
    }
    let incomparable = scope.incomparable.clone();
    for what in &incomparable {
        output.tell(&Event::Incomparable { what: what.clone() });
    }
    let comparison = match shown(scope, &spec.migration, output, stop).await {
        None => return Ok(Ended::new(Exit::Stopped, "stopped: nothing is remembered, the same command begins anew")),
        Some(Err(error)) => return Ok(unknown(error)),
        Some(Ok(comparison)) => comparison,
    };
    for key in &comparison.mismatches {
        output.tell(&Event::Mismatch { key: key.clone() });
    }
    output.result(&text(&comparison, &incomparable));
    let (exit, message) = judge(&comparison, &incomparable);
    Ok(Ended::new(exit, message))
}

fn unknown(error: StepError) -> Ended {
    Ended::new(Exit::NotVerified, format!("{UNKNOWN}: {}", Failure::from(error).text))
}

/// The board is what progress is shown from; nobody stores it. None if it was stopped.
async fn shown(
    scope: Scope,
    migration: &str,
    output: &Output,
    stop: &CancellationToken,
) -> Option<Result<Comparison, StepError>> {
    let board = Board::new(migration);
    board.update(|status| {
        status.phase = Phase::Verify;
        "comparing contents".clone_into(&mut status.message);
    });
    let follow = output.follow(&board);
    let progress = Progress { board: &board, expected: scope.expected() };
    let compared = tokio::select! {
        compared = scope.compare(&progress) => Some(compared),
        () = stop.cancelled() => None,
    };
    follow.end().await;
    compared
}

/// Nothing is copied, so the board has no tables to compute a share from.
struct Progress<'a> {
    board: &'a Board,
    expected: u64,
}

impl Observer for Progress<'_> {
    fn compared(&self, comparison: &Comparison) {
        let verification = Verification::new(comparison, self.expected);
        self.board.update(|status| status.verification = Some(verification));
    }
}

/// One line per key that differs and per table that can't be compared; nothing if all is well.
fn text(comparison: &Comparison, incomparable: &[String]) -> String {
    let differs = comparison.mismatches.iter().map(|key| format!("differs: {key}\n"));
    differs.chain(incomparable.iter().map(|what| format!("not compared: {what}\n"))).collect()
}

fn judge(comparison: &Comparison, incomparable: &[String]) -> (Exit, String) {
    let (rows, chunks) = (comparison.rows, comparison.chunks);
    if !comparison.mismatches.is_empty() {
        let more = if comparison.is_cut_short() { ", and no more was looked for" } else { "" };
        return (Exit::Mismatch, format!("{} keys differ among {rows} rows{more}", comparison.mismatches.len()));
    }
    let mut reasons = Vec::new();
    if comparison.undecided > 0 {
        let moving = comparison.undecided;
        reasons.push(format!("{moving} keys changed each time they were looked at: try again when there is less load"));
    }
    if !incomparable.is_empty() {
        reasons.push(format!("{} tables can't be compared", incomparable.len()));
    }
    if reasons.is_empty() {
        let seen = Verification::new(comparison, 0);
        let part = seen.left_out.map(|ranges| (seen.percent(), ranges));
        let part = part.map_or_else(String::new, |(percent, ranges)| {
            format!("; that is about {percent:.1} % of them, {ranges} ranges were left out")
        });
        return (Exit::Done, format!("{rows} rows in {chunks} chunks are the same on both sides{part}"));
    }
    (Exit::NotVerified, format!("{UNKNOWN}: {}; all else is the same ({rows} rows)", reasons.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_split::verify::Rest;

    fn seen(undecided: u64, mismatches: &[&str]) -> Comparison {
        let mismatches = mismatches.iter().map(|&key| key.to_owned()).collect();
        Comparison { rows: 7, chunks: 2, undecided, mismatches, rest: Some(Rest::default()) }
    }

    #[test]
    fn a_difference_outweighs_what_is_unknown_and_that_outweighs_what_is_well() {
        assert_eq!(judge(&seen(0, &[]), &[]), (Exit::Done, "7 rows in 2 chunks are the same on both sides".to_owned()));
        let part = Comparison { rest: Some(Rest { ranges: 3, rows: 21 }), ..seen(0, &[]) };
        let told =
            "7 rows in 2 chunks are the same on both sides; that is about 25.0 % of them, 3 ranges were left out";
        assert_eq!(judge(&part, &[]), (Exit::Done, told.to_owned()));
        assert_eq!(judge(&seen(1, &["t (1)"]), &["u: x".to_owned()]).0, Exit::Mismatch);
        assert_eq!(judge(&seen(1, &[]), &[]).0, Exit::NotVerified);
        assert_eq!(judge(&seen(0, &[]), &["u: x".to_owned()]).0, Exit::NotVerified);
        assert_eq!(text(&seen(0, &["t (1)"]), &["u: x".to_owned()]), "differs: t (1)\nnot compared: u: x\n");
    }
}
