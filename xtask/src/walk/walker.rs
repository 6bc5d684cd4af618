//! Walks the rows. In: the table, the platform behind its doors, who walks. Out: for each row what came of it; a row that fails keeps nobody from those
//! that don't need it. Every wait has an end, and all of them together have one.

use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use super::cast::Cast;
use super::door::Door;
use super::flows::Flow;
use super::http::{Answer, Client};
use super::judge::{judge, kind, learn};
use super::notes::Missing;
use super::places::Places;
use super::row::{Act, Row, Who};
use super::stand_ins::{StandIns, signature};

/// How long something may take that comes a moment later.
const SOON: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(250);
/// How often a request is sent again that the platform asks to be sent again, and how long is waited for it at most.
const AGAIN: u32 = 3;
const LONGEST: Duration = Duration::from_secs(3);
/// Refusals after which nothing has happened.
const BUSY: [&str; 3] = ["too-many-requests", "dependency-unavailable", "database-unavailable"];

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All that it wants is so.
    Passed,
    /// It isn't, for this reason.
    Failed(String),
    /// It could not be asked, for this reason.
    Unreached(String),
    /// This platform has nothing that it is about.
    NotHere(&'static str),
}

/// A row that was walked.
#[derive(Debug, Clone)]
pub(super) struct Walked {
    pub(super) row: Row,
    /// The flow's number and its own, `2.7`.
    pub(super) number: String,
    pub(super) verdict: Verdict,
    pub(super) time: Duration,
    /// How often the platform asked for it once more.
    pub(super) repeated: u32,
}

/// The number of a row in a flow.
pub(super) fn number(flow: usize, row: usize) -> String {
    format!("{}.{}", flow + 1, row + 1)
}

/// Why there is no answer to judge.
enum Lost {
    Unknown(Missing),
    Broken(Error),
}

impl From<Missing> for Lost {
    fn from(missing: Missing) -> Self {
        Self::Unknown(missing)
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// See the file's header.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    pub(super) places: &'a Places<'a>,
    pub(super) gateway: &'a Door,
    pub(super) client: &'a Client,
    pub(super) stand_ins: StandIns<'a>,
    pub(super) cast: Cast,
    pub(super) run: &'a str,
    /// Nothing is begun after this.
    pub(super) until: Instant,
}

impl Walker<'_> {
    /// All rows of a flow.
    pub(super) fn flow(&mut self, at: usize, flow: &Flow) -> Vec<Walked> {
        flow.rows.iter().enumerate().map(|(row, what)| self.row(number(at, row), what)).collect()
    }

    fn row(&mut self, number: String, row: &Row) -> Walked {
        let started = Instant::now();
        let (verdict, repeated) = if row.bus && !self.places.has_bus() {
            (Verdict::NotHere("this platform has no event bus"), 0)
        } else if started > self.until {
            (Verdict::Unreached("the walk's time is over".to_owned()), 0)
        } else {
            self.patiently(row)
        };
        Walked { row: *row, number, verdict, time: started.elapsed(), repeated }
    }

    /// Until it is so, or its time is over.
    fn patiently(&mut self, row: &Row) -> (Verdict, u32) {
        let until = if row.soon { (Instant::now() + SOON).min(self.until) } else { Instant::now() };
        loop {
            let (verdict, repeated) = self.once(row);
            if !matches!(verdict, Verdict::Failed(_)) || Instant::now() >= until {
                return (verdict, repeated);
            }
            thread::sleep(POLL);
        }
    }

    fn once(&mut self, row: &Row) -> (Verdict, u32) {
        let (answer, repeated) = self.answered(row);
        let verdict = match answer {
            Ok(answer) => {
                match judge(row, &answer, &self.cast.notes).and_then(|()| learn(row, &answer, &mut self.cast.notes)) {
                    Ok(()) => Verdict::Passed,
                    Err(why) => Verdict::Failed(why),
                }
            }
            Err(Lost::Unknown(missing)) => Verdict::Unreached(missing.to_string()),
            Err(Lost::Broken(error)) => Verdict::Failed(crate::chain(&error)),
        };
        (verdict, repeated)
    }

    /// The answer, if need be after the pauses that the platform asks for.
    fn answered(&self, row: &Row) -> (Result<Answer, Lost>, u32) {
        let mut repeated = 0;
        loop {
            let answer = self.perform(row);
            let pause = answer.as_ref().ok().and_then(|answer| pause(row, answer));
            match pause {
                Some(pause) if repeated < AGAIN && Instant::now() + pause < self.until => thread::sleep(pause),
                _ => return (answer, repeated),
            }
            repeated += 1;
        }
    }

    fn perform(&self, row: &Row) -> Result<Answer, Lost> {
        let (notes, stand_ins) = (&self.cast.notes, self.stand_ins);
        match row.act {
            Act::Ask { method, who, path, body } => self.ask(row, who, method, path, body),
            Act::Code { to } => Ok(stand_ins.code(notes.get(to)?)?),
            Act::Card { secret } => Ok(stand_ins.card(notes.get(secret)?)?),
            Act::Documents { url } => Ok(stand_ins.documents(notes.get(url)?)?),
            Act::Event { kind, about } => self.event(kind, notes.get(about)?),
            Act::Stored { service, sql } => {
                let said = self.places.ask(service, &notes.text(sql)?)?;
                Ok(Answer { status: 200, body: said.into(), again: None })
            }
        }
    }

    fn ask(&self, row: &Row, who: Who, method: &str, path: &str, body: &str) -> Result<Answer, Lost> {
        let notes = &self.cast.notes;
        let url = self.gateway.at(&notes.path(path)?);
        let bearer = self.cast.tokens.get(&who).map(|token| format!("Bearer {token}")).unwrap_or_default();
        let key = row.key.map(|key| format!("walk-{}-{key}", self.run)).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "application/json" };
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", key.as_str()),
            ("content-type", kind),
            ("x-audit-reason", row.reason),
        ];
        let body = notes.text(body)?;
        let body = Some(body.as_str()).filter(|body| !body.is_empty());
        Ok(self.client.send(method, &url, &headers, body)?)
    }

    /// Brings an event from where Stripe would send it to where it would go.
    fn event(&self, kind: &str, about: &str) -> Result<Answer, Lost> {
        let Some(event) = self.stand_ins.event(kind, about)? else {
            return Ok(Answer { status: 404, body: "the stand-in for Stripe has no such event".into(), again: None });
        };
        let signature = signature(&event);
        let headers = [("content-type", "application/json"), ("stripe-signature", signature.as_str())];
        Ok(self.client.send("POST", &self.gateway.at("/api/billing/webhooks/stripe"), &headers, Some(&event))?)
    }
}

/// How long to wait before a request is sent again, if it wasn't to be refused like this and nothing has happened.
fn pause(row: &Row, answer: &Answer) -> Option<Duration> {
    let is_busy = kind(&answer.body).is_some_and(|kind| BUSY.contains(&kind) && row.problem != Some(kind));
    answer.again.filter(|pause| is_busy && *pause <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::super::row::get;
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_asks_for_it_is_sent_again() {
        let row = get("it", Who::Ann, "/a");
        let answer = |kind: &str, seconds: Option<u64>| Answer {
            status: 503,
            body: json!({ "type": format!("https://rerp.dev/problems/{kind}") }),
            again: seconds.map(Duration::from_secs),
        };
        let pause = |row: &Row, kind, seconds| pause(row, &answer(kind, seconds)).map(|pause| pause.as_secs());
        assert_eq!(pause(&row, "dependency-unavailable", Some(1)), Some(1));
        for (kind, seconds) in
            [("outcome-unknown", Some(1)), ("too-many-requests", None), ("too-many-requests", Some(60))]
        {
            assert_eq!(pause(&row, kind, seconds), None, "{kind} {seconds:?}");
        }
        assert_eq!(pause(&row.refused(429, "too-many-requests"), "too-many-requests", Some(1)), None);
    }

    #[test]
    fn rows_are_counted_from_one() {
        assert_eq!(number(0, 0), "1.1");
        assert_eq!(number(3, 11), "4.12");
    }
}
