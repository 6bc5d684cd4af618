//! A visitor of the website who comes through the gateway and does not give up: a form is sent again, under its key, until it is acknowledged. In: a
//! cluster. Out: what was answered, and a ledger of forms. Must not be quicker than the gateway lets one address be.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::cluster::Cluster;
use crate::walk::door::Door;
use crate::walk::http::Client;

/// Half of what the gateway lets one address do.
const PAUSE: Duration = Duration::from_secs(4);
const PATH: &str = "/api/marketing/email-capture";
/// No answer: a gateway that was killed takes its connections along, and the way to it.
pub(super) const LOST: &str = "no answer";

/// One form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    /// `Idempotency-Key`, hence the row's identifier.
    pub(super) key: String,
    /// Canonical as it is.
    pub(super) email: String,
}

/// What was answered: how often each status, and [`LOST`].
pub(super) type Answers = BTreeMap<String, u64>;

/// A visitor.
#[derive(Debug)]
pub(super) struct Visitor<'a> {
    cluster: &'a Cluster,
    client: Client,
    door: Option<Door>,
    /// Of this run and no other.
    pub(super) run: String,
    made: u64,
    last: Option<Instant>,
    /// Sent and not acknowledged.
    open: VecDeque<Form>,
    pub(super) acknowledged: Vec<Form>,
    pub(super) answers: Answers,
}

/// The visitor's forms, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Forms {
    pub(super) acknowledged: u64,
    /// Not acknowledged to the end.
    pub(super) given_up: u64,
    pub(super) answers: Answers,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(cluster: &'a Cluster, run: &str) -> Self {
        Self {
            cluster,
            client: Client::new(),
            door: None,
            run: run.to_owned(),
            made: 0,
            last: None,
            open: VecDeque::new(),
            acknowledged: Vec::new(),
            answers: Answers::new(),
        }
    }

    /// Sends a form if it is time to: one that was not acknowledged, or a new one.
    pub(super) fn come(&mut self) {
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        self.last = Some(Instant::now());
        let form = self.open.pop_front().unwrap_or_else(|| self.fill());
        self.send(form);
    }

    /// Takes another way to the gateway for what comes next. The one there is may have gone with a gateway that was killed since, and that is found out only
    /// by an answer that doesn't come.
    pub(super) fn come_anew(&mut self) {
        self.door = None;
    }

    /// Sends what was not acknowledged, until all of it is or the time is over.
    pub(super) fn insist(&mut self, limit: Duration) {
        let until = Instant::now() + limit;
        while !self.open.is_empty() && Instant::now() < until {
            self.come();
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What has come of it.
    pub(super) fn forms(&self) -> Forms {
        Forms {
            acknowledged: self.acknowledged.len() as u64,
            given_up: self.open.len() as u64,
            answers: self.answers.clone(),
        }
    }

    fn fill(&mut self) -> Form {
        self.made += 1;
        form(&self.run, self.made)
    }

    fn send(&mut self, form: Form) {
        if self.door.is_none() {
            self.door = Door::open(self.cluster, "gateway").ok();
        }
        let answer = self.door.as_ref().and_then(|door| {
            let body = json!({ "email": form.email, "source": source(&self.run) }).to_string();
            let headers = [("content-type", "application/json"), ("idempotency-key", form.key.as_str())];
            self.client.send("POST", &door.at(PATH), &headers, Some(&body)).ok()
        });
        let Some(answer) = answer else {
            self.door = None;
            *self.answers.entry(LOST.to_owned()).or_default() += 1;
            self.open.push_back(form);
            return;
        };
        *self.answers.entry(answer.status.to_string()).or_default() += 1;
        if matches!(answer.status, 201 | 202) {
            self.acknowledged.push(form);
        } else {
            self.open.push_back(form);
        }
    }
}

/// What the run's captures are filed under.
pub(super) fn source(run: &str) -> String {
    format!("chaos-{run}")
}

/// Form number `n` of a run: nobody else has its key or its address.
fn form(run: &str, n: u64) -> Form {
    let hash = hex::encode(Sha256::digest(format!("{run} {n}")));
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    // A UUID of version 8: its bits are whoever's made it.
    let key = format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32));
    Form { key, email: format!("chaos{run}n{n}@example.com") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_repeatable_and_distinct() {
        assert_eq!(form("r", 1), form("r", 1));
        assert_ne!(form("r", 1).key, form("r", 2).key);
        let key = form("r", 1).key;
        let lengths: Vec<usize> = key.split('-').map(str::len).collect();
        assert_eq!((lengths, &key[14..15]), (vec![8, 4, 4, 4, 12], "8"));
    }
}
