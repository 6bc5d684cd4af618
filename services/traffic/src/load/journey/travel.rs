//! One journey. In: a person, a run. Out: lines of the logbook, and how it ended.

use super::call::{Refused, call, id};
use super::step::{self, ANSWER, COMPLETE, OPEN, PROGRESS, START, SUBSCRIBE, SUBSCRIPTION, Step};
use super::stream::Stream;
use crate::ledger::entry::Failure;
use crate::ledger::logbook::{End, Line};
use crate::load::run::Run;
use serde_json::{Value, json};
use uuid::Uuid;

/// What one journey needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Journey<'a> {
    pub(super) run: &'a Run,
    pub(super) stream: &'a Stream,
    pub(super) client: &'a reqwest::Client,
    /// Its number within the run.
    pub(super) n: u64,
    /// Identity's identifier of the person.
    pub(super) person: Uuid,
}

/// What a session's start was answered with.
struct Session {
    id: Uuid,
    question: Uuid,
}

impl Journey<'_> {
    /// From the first step to the last, or to the first that fails.
    pub(super) async fn go(&self) {
        self.stream.log.started();
        let end = self.steps().await.err().unwrap_or(End::Completed);
        match &end {
            End::Completed => {}
            End::Contradicting(path) => tracing::warn!(run = self.run.name, n = self.n, path, "journey contradicted"),
            End::Failed(Failure { path, reason, .. }) => {
                tracing::warn!(run = self.run.name, n = self.n, path, reason, "journey failed");
            }
        }
        self.stream.log.ended(end);
    }

    async fn steps(&self) -> Result<(), End> {
        let account = self.open().await?;
        let subscription = self.subscribe(account).await?;
        let session = self.start(account).await?;
        self.post(ANSWER, session.id, &step::answer(session.question), |_| Some((session.id, None))).await?;
        self.complete(session.id).await?;
        self.look(PROGRESS, self.person, |found| step::shows_module(found, &self.stream.offer.module)).await?;
        self.look(SUBSCRIPTION, account, |found| step::shows_subscription(found, &subscription)).await
    }

    async fn open(&self) -> Result<Uuid, End> {
        let row = |answer: &Value| Some((id(answer, "account_id")?, None));
        let answer = self.post(OPEN, Uuid::nil(), &step::account(self.person), row).await?;
        self.must(OPEN, id(&answer, "account_id"))
    }

    /// The subscription as it was answered.
    async fn subscribe(&self, account: Uuid) -> Result<Value, End> {
        let body = step::subscription(account, self.person, self.stream.offer.price);
        self.post(SUBSCRIBE, Uuid::nil(), &body, |answer| Some((id(answer, "subscription_id")?, status(answer)))).await
    }

    async fn start(&self, account: Uuid) -> Result<Session, End> {
        let body = step::session(self.person, account, &self.stream.offer.module);
        let row = |answer: &Value| Some((id(answer, "session_id")?, status(answer)));
        let answer = self.post(START, Uuid::nil(), &body, row).await?;
        let question = answer["questions"].get(0).and_then(|one| id(one, "question_id"));
        let session = id(&answer, "session_id").zip(question);
        self.must(START, session.map(|(id, question)| Session { id, question }))
    }

    /// Ends the session. Its one answer was right: whatever else than passed is said contradicts what was acknowledged.
    async fn complete(&self, session: Uuid) -> Result<(), End> {
        let row = |answer: &Value| Some((id(answer, "session_id")?, status(answer)));
        let answer = self.post(COMPLETE, session, &json!({}), row).await?;
        if answer["status"] == "completed" { Ok(()) } else { Err(End::Contradicting(COMPLETE.path)) }
    }

    /// Posts, and writes down what was acknowledged: `row` finds its identifier and its state in the answer.
    async fn post(
        &self,
        step: Step,
        at: Uuid,
        body: &Value,
        row: impl Fn(&Value) -> Option<(Uuid, Option<String>)>,
    ) -> Result<Value, End> {
        let key = step.key(&self.run.name, self.run.seed, self.n).to_string();
        let request = self.client.post(step.at(&self.stream.places, at)).header("idempotency-key", key).json(body);
        let request = self.stream.voice.person(self.person, step.service, request);
        let sent_us = self.run.book.clock.micros();
        let answer =
            self.answered(call(request).await).map_err(|refused| self.failed(step, refused.reason, sent_us))?;
        let found = row(&answer).ok_or_else(|| self.failed(step, "an answer without the ids".to_owned(), sent_us));
        let (row, status) = found?;
        let clock = self.run.book.clock;
        let (n, path, person) = (self.n, step.path.to_owned(), self.person);
        self.stream.log.wrote(Line { n, path, row, person, status, ack_at: clock.wall(clock.micros()) });
        Ok(answer)
    }

    /// Reads, and compares with what was acknowledged. That nothing is there contradicts it too.
    async fn look(&self, step: Step, at: Uuid, shows: impl Fn(&Value) -> bool) -> Result<(), End> {
        let request = self.client.get(step.at(&self.stream.places, at));
        let request = self.stream.voice.person(self.person, step.service, request);
        let sent_us = self.run.book.clock.micros();
        match self.answered(call(request).await) {
            Ok(found) if shows(&found) => Ok(()),
            Ok(_) => Err(End::Contradicting(step.path)),
            Err(refused) if refused.is_nothing() => Err(End::Contradicting(step.path)),
            Err(refused) => Err(self.failed(step, refused.reason, sent_us)),
        }
    }

    /// Counts the request, however it ended.
    fn answered(&self, answer: Result<Value, Refused>) -> Result<Value, Refused> {
        self.stream.log.requested();
        answer
    }

    /// What has been acknowledged, and yet isn't in its answer.
    fn must<T>(&self, step: Step, found: Option<T>) -> Result<T, End> {
        found.ok_or_else(|| self.failed(step, "an answer without the ids".to_owned(), self.run.book.clock.micros()))
    }

    fn failed(&self, step: Step, reason: String, sent_us: u64) -> End {
        let clock = self.run.book.clock;
        let end_us = clock.micros();
        // A form's reason needs no name: it has gone to marketing.
        let reason = format!("{}: {reason}", step.service.name());
        let path = step.path.to_owned();
        End::Failed(Failure { n: self.n, path, reason, sent_us, end_us, end_at: clock.wall(end_us) })
    }
}

fn status(answer: &Value) -> Option<String> {
    answer["status"].as_str().map(str::to_owned)
}
