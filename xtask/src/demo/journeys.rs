//! The ledger of journeys against the databases. In: acknowledged writes, and rows as each database holds them. Out: findings in the
//! verdict. Pure.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;

use super::ledger::{Rows, Verdict};

const ACCOUNT: &str = "/api/accounts";
const SUBSCRIPTION: &str = "/api/billing/subscriptions";
const ANSWER: &str = "/api/fte/sessions/{id}/answers";
/// What a session's start was answered with; its end, asked for and not acknowledged, may have come all the same.
const RUNNING: &str = "in_progress";

/// An acknowledged write of a journey.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    /// Number of the journey.
    pub(super) n: u64,
    /// Path that was posted to.
    pub(super) path: String,
    /// Id of the account, the subscription or the session.
    pub(super) row: String,
    /// Identity's id of the person.
    pub(super) person: String,
    /// State of the row as acknowledged.
    pub(super) status: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (journey {})", self.path, self.row, self.n)
    }
}

/// A row of account's, billing's or fte's that was written during the run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Held {
    /// Its id.
    pub(super) id: String,
    /// Whose it is.
    pub(super) person: String,
    /// Id of the account it belongs to; none of an account itself.
    pub(super) account: Option<String>,
    /// Its state, if it has one.
    pub(super) status: Option<String>,
    /// Answers that a session holds.
    pub(super) answers: u64,
}

/// Compares every acknowledged write of a journey with the rows.
pub(super) fn judge(lines: &[Line], rows: &Rows, verdict: &mut Verdict) {
    verdict.acknowledged += lines.len() as u64;
    let accounts: HashMap<u64, &str> =
        lines.iter().filter(|line| line.path == ACCOUNT).map(|line| (line.n, line.row.as_str())).collect();
    // Lines come in the order of their acknowledgements: the last state is what counts.
    let states: HashMap<&str, &str> =
        lines.iter().filter_map(|line| Some((line.row.as_str(), line.status.as_deref()?))).collect();
    let (opened, subscribed, tested) = (index(&rows.accounts), index(&rows.subscriptions), index(&rows.sessions));
    for line in lines {
        let (whose, held) = match line.path.as_str() {
            ACCOUNT => ("account", &opened),
            SUBSCRIPTION => ("billing", &subscribed),
            _ => ("fte", &tested),
        };
        let Some(held) = held.get(line.row.as_str()) else {
            verdict.lose(line, &format!("{whose}'s row is missing"));
            continue;
        };
        if line.path == ANSWER && held.answers == 0 {
            verdict.lose(line, "the answer is missing");
        }
        let of_account = if line.path == ACCOUNT { None } else { accounts.get(&line.n).copied() };
        if held.person != line.person || held.account.as_deref() != of_account {
            verdict.differ(line, &format!("{whose}'s row belongs to somebody else"));
        }
        let state = states.get(line.row.as_str()).copied();
        let is_last = line.status.is_some() && line.status.as_deref() == state;
        if is_last && held.status.as_deref() != state && !ended_unheard(state, held) {
            verdict.differ(line, &format!("{whose}'s row has another state"));
        }
    }
}

/// Whether a session has ended, as it was asked to, without an answer that came through.
fn ended_unheard(acknowledged: Option<&str>, held: &Held) -> bool {
    acknowledged == Some(RUNNING) && held.status.as_deref() == Some("completed")
}

fn index(rows: &[Held]) -> HashMap<&str, &Held> {
    rows.iter().map(|row| (row.id.as_str(), row)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::ledger;
    use super::*;

    fn line(n: u64, path: &str, row: &str, status: Option<&str>) -> Line {
        let (path, status) = (path.to_owned(), status.map(str::to_owned));
        Line { n, path, row: format!("{row}{n}"), person: format!("person{n}"), status }
    }

    fn held(n: u64, row: &str, account: bool, status: Option<&str>) -> Held {
        let account = account.then(|| format!("account{n}"));
        let status = status.map(str::to_owned);
        Held { id: format!("{row}{n}"), person: format!("person{n}"), account, status, answers: 1 }
    }

    /// Three whole journeys, and the rows that belong to them.
    fn both() -> (Vec<Line>, Rows) {
        let lines = (0..3)
            .flat_map(|n| {
                [
                    line(n, ACCOUNT, "account", None),
                    line(n, SUBSCRIPTION, "subscription", Some("trialing")),
                    line(n, "/api/fte/sessions", "session", Some(RUNNING)),
                    line(n, ANSWER, "session", None),
                    line(n, "/api/fte/sessions/{id}/complete", "session", Some("completed")),
                ]
            })
            .collect();
        let rows = Rows {
            accounts: (0..3).map(|n| held(n, "account", false, None)).collect(),
            subscriptions: (0..3).map(|n| held(n, "subscription", true, Some("trialing"))).collect(),
            sessions: (0..3).map(|n| held(n, "session", true, Some("completed"))).collect(),
            ..Rows::default()
        };
        (lines, rows)
    }

    fn judged(lines: &[Line], rows: &Rows) -> Verdict {
        let mut verdict = ledger::judge(&[], rows);
        judge(lines, rows, &mut verdict);
        verdict
    }

    #[test]
    fn a_complete_store_is_clean() {
        let (lines, rows) = both();
        assert_eq!(judged(&lines, &rows), Verdict { acknowledged: 15, ..Verdict::default() });
    }

    #[test]
    fn a_missing_row_is_lost_with_every_write_to_it() {
        let (lines, mut rows) = both();
        rows.accounts.remove(0);
        rows.subscriptions.remove(1);
        rows.sessions.remove(2);
        rows.sessions[0].answers = 0;
        let verdict = judged(&lines, &rows);
        assert_eq!((verdict.lost, verdict.different, verdict.examples.len()), (6, 0, 5));
        assert_eq!(verdict.examples[0], "/api/accounts account0 (journey 0): account's row is missing");
    }

    #[test]
    fn a_row_that_says_otherwise_is_a_difference() {
        let (lines, mut rows) = both();
        rows.accounts[0].person = "somebody".into();
        rows.subscriptions[1].status = Some("incomplete".into());
        rows.subscriptions[2].account = Some("another".into());
        rows.sessions[1].status = Some(RUNNING.into());
        let verdict = judged(&lines, &rows);
        assert_eq!((verdict.lost, verdict.different), (0, 4), "{:?}", verdict.examples);
    }

    #[test]
    fn an_end_that_was_not_acknowledged_may_have_come() {
        let (mut lines, mut rows) = both();
        lines.retain(|line| !line.path.ends_with("/complete"));
        rows.sessions[0].status = Some(RUNNING.into());
        assert_eq!(judged(&lines, &rows).different, 0);
        rows.sessions[0].status = Some("failed".into());
        assert_eq!(judged(&lines, &rows).different, 1);
    }

    #[test]
    fn what_came_to_the_old_side_too_late_is_on_the_wrong_side() {
        let (lines, mut rows) = both();
        rows.written_too_late = 2;
        assert_eq!(judged(&lines, &rows).wrong_side, 2);
    }
}
