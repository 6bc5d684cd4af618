//! What the splits amount to. In: the migrations as they ended, and the servers of both sides. Out: figures of each move, and where the run's
//! writes are to be looked for.

use super::Error;
use super::compare;
use super::postgres::{Place, Side, Traces};
use super::report::{Domain, Move};
use super::split::{Outcome, Sample};
use super::traffic::{self, Load};

/// Where the run's writes have to be now, and where they must not be any more.
pub(super) fn traces<'a>(monolith: Side<'a>, load: &'a Load, sample: Sample, outcomes: &'a [Outcome]) -> Traces<'a> {
    let place = |service: &'static str| {
        let shared = Side { schema: service, ..monolith };
        let moved = sample.services.iter().zip(outcomes).find(|(name, _)| **name == service);
        match moved {
            Some((_, outcome)) => {
                Place { now: Side { database: service, ..shared }, before: Some((shared, &outcome.closed)) }
            }
            None => Place { now: shared, before: None },
        }
    };
    Traces {
        run: &load.run,
        since: &load.started_at,
        identity: place("identity"),
        account: place("account"),
        marketing: place("marketing"),
        billing: place("billing"),
        fte: place("fte"),
    }
}

/// What each move amounts to, read from both of its servers and from the ledger.
pub(super) fn measure(
    monolith: Side<'_>,
    domains: &[Domain],
    sample: Sample,
    outcomes: Vec<Outcome>,
) -> Result<Vec<Move>, Error> {
    let mut moves = Vec::new();
    for (&service, outcome) in sample.services.iter().zip(outcomes) {
        let shared = Side { schema: service, ..monolith };
        let own = Side { database: service, ..shared };
        let around = traffic::report_around(monolith.kube, &outcome.at, outcome.write_pause_ms)?;
        let gap = || Error::Incomplete("the ledger", "gap around the cutover");
        // Every form writes to identity before anything else. What goes to the others comes at times that the ledger doesn't know.
        let pause_ledger_ms = match service {
            "identity" => Some(around.pause_ms().ok_or_else(gap)?),
            _ => None,
        };
        let source = domains.iter().find(|domain| domain.name == service).map(|domain| domain.size);
        moves.push(Move {
            service,
            source: source.unwrap_or_default(),
            target: own.size()?,
            pause_ledger_ms,
            silence_ms: around.silence_ms().ok_or_else(gap)?,
            rows_missing: compare::missing(shared, own, &outcome.closed)?,
            outcome,
        });
    }
    Ok(moves)
}
