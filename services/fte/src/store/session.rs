//! The SQL of `test_sessions` and `session_questions`: starting, reading and ending sessions. In come checked wishes; out go sessions as they
//! are answered. Must not read answer keys: `grade.rs` does.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::grade::{self, News};
use super::saved::{self, Item};
use super::{extra_time, maybe, progress, unknown};
use crate::domain::scoring::worth;
use crate::domain::session::{NewSession, Phase, Status, pause_left, phase, tells_answers};

/// A session, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct TestSession {
    /// Its identifier.
    #[sqlx(rename = "id")]
    pub session_id: Uuid,
    /// Identity's.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// The module's code.
    pub module: String,
    /// `module_quiz`, `interactive_scenario` or `final_assessment`.
    #[schemars(with = "crate::domain::module::TestType")]
    pub test_type: String,
    /// `in_progress`, `completed`, `failed` or `expired`.
    #[schemars(with = "Status")]
    pub status: String,
    /// The share of all points that passes, in hundredths of a percent.
    pub pass_bp: i32,
    /// Points of all questions.
    pub points_total: i64,
    /// Points that were earned, once it has ended.
    pub points_earned: Option<i64>,
    /// Whether it is passed, once it has ended.
    pub passed: Option<bool>,
    /// The certificate that it earned.
    pub certificate_id: Option<Uuid>,
    /// When it was started.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub started_at: Timestamp,
    /// When its time is over.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub expires_at: Timestamp,
    /// When it ended.
    #[serde(serialize_with = "maybe")]
    #[schemars(with = "Option<Timestamp>")]
    pub completed_at: Option<jiff_sqlx::Timestamp>,
    /// Whether its time is over, by the database's clock, and nobody has ended it.
    #[serde(skip)]
    pub is_due: bool,
    /// What it asks, with what was answered.
    #[sqlx(skip)]
    pub questions: Vec<Item>,
}

/// What starting a session ended in.
pub enum Started {
    /// It runs.
    There(Box<TestSession>),
    /// There is no such module, or it is retired.
    NoModule,
    /// The module asks nothing.
    NoQuestions,
    /// The last attempt was not passed, and so many seconds are left of the pause after it.
    Paused(u32),
    /// The caller's key was used before.
    Key(Standing),
}

/// What of a session decides, its row locked until the transaction ends.
#[derive(sqlx::FromRow)]
struct Clock {
    status: String,
    expires_at: jiff_sqlx::Timestamp,
    /// When the transaction began: a request that waits for the lock isn't late by that.
    now: jiff_sqlx::Timestamp,
}

#[derive(sqlx::FromRow)]
struct Offer {
    id: Uuid,
    course: String,
    test_type: String,
    pass_bp: i32,
    time_limit_s: i32,
    retry_pause_s: i32,
}

/// A person's last attempt, of those that have ended.
#[derive(sqlx::FromRow)]
struct Attempt {
    passed: bool,
    completed_at: jiff_sqlx::Timestamp,
    now: jiff_sqlx::Timestamp,
}

const BY_ID: &str = "SELECT s.id, s.human_name_id, s.account_id, m.code AS module, s.test_type, s.status, s.pass_bp, s.points_total, \
     s.points_earned, s.passed, c.id AS certificate_id, s.started_at, s.expires_at, s.completed_at, \
     s.status = 'in_progress' AND s.expires_at <= now() AS is_due FROM test_sessions AS s \
     JOIN modules AS m ON m.id = s.module_id LEFT JOIN fte_certificates AS c ON c.test_session_id = s.id \
     WHERE s.id = $1 AND ($2::uuid IS NULL OR s.human_name_id = $2)";
const LOCK: &str = "SELECT status, expires_at, now() AS now FROM test_sessions \
     WHERE id = $1 AND ($2::uuid IS NULL OR human_name_id = $2) FOR NO KEY UPDATE";
const OFFER: &str =
    "SELECT id, course, test_type, pass_bp, time_limit_s, retry_pause_s FROM modules WHERE code = $1 AND NOT retired";
const RUNNING: &str = "SELECT s.id FROM test_sessions AS s JOIN modules AS m ON m.id = s.module_id \
     WHERE s.human_name_id = $1 AND m.code = $2 AND s.status = 'in_progress'";
const LAST: &str = "SELECT passed, completed_at, now() AS now FROM test_sessions WHERE human_name_id = $1 AND module_id = $2 \
     AND status <> 'in_progress' ORDER BY completed_at DESC, id DESC LIMIT 1";
/// What a new session asks, in one look: the points that are pinned are those of the versions that are.
const ASKED: &str = "SELECT q.id, q.version, v.points, v.weight FROM questions AS q \
     JOIN question_versions AS v ON v.question_id = q.id AND v.version = q.version WHERE q.module_id = $1 AND NOT q.retired ORDER BY q.id";
const INSERT: &str = "INSERT INTO test_sessions (id, human_name_id, account_id, module_id, test_type, pass_bp, points_total, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 second')";
const PIN: &str = "INSERT INTO session_questions (test_session_id, question_id, version, position) \
     SELECT $1, a.question_id, a.version, a.position FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS a (question_id, version, position)";
const DUE: &str =
    "SELECT id FROM test_sessions WHERE status = 'in_progress' AND expires_at <= now() ORDER BY expires_at LIMIT $1";

/// Starts a session under the identifier `id`, once per key. One of the same person in the same module whose time is over is ended first.
///
/// # Errors
/// See [`DbError`]; violated constraints: `test_sessions_pkey` (the identifier is taken), `test_sessions_running` (one runs).
pub async fn start(db: &Db, id: Uuid, wish: &NewSession, key: Option<Claim>) -> Result<Started, DbError> {
    db.transaction_idempotent(&(id, wish, key), |session, (id, wish, key)| {
        Box::pin(async move {
            let key = key.as_ref();
            let standing = take(session, key, &()).await?;
            if standing != Standing::Fresh {
                return Ok(Started::Key(standing));
            }
            // Without a key, after a lost answer: the identifier is this request's own.
            if session.attempt() > 1
                && key.is_none()
                && let Some(there) = read(session, *id, Reach::ALL).await?
            {
                return Ok(Started::There(Box::new(there)));
            }
            let offer: Option<Offer> = sqlx::query_as(OFFER).bind(&wish.module).fetch_optional(session.conn()).await?;
            let Some(offer) = offer else {
                give_back(session, key).await?;
                return Ok(Started::NoModule);
            };
            // First, so that an end that is being written down meanwhile is seen below.
            let news = end_late(session, wish).await?;
            let started = begin(session, *id, wish, &offer, key).await?;
            news.tell(session).await?;
            Ok(started)
        })
    })
    .await
}

/// Ends the running session of this person in this module if its time is over.
async fn end_late(session: &mut Session, wish: &NewSession) -> Result<News, sqlx::Error> {
    let running = sqlx::query_scalar(RUNNING).bind(wish.human_name_id).bind(&wish.module);
    let running: Option<Uuid> = running.fetch_optional(session.conn()).await?;
    if let Some(running) = running
        && lock(session, running, Reach::ALL).await? == Some(Phase::Due)
    {
        return grade::finish(session, running, Phase::Due).await;
    }
    Ok(News::default())
}

/// Begins a session in a module that there is, unless the last attempt was too short ago or there is nothing to ask.
async fn begin(
    session: &mut Session,
    id: Uuid,
    wish: &NewSession,
    offer: &Offer,
    key: Option<&Claim>,
) -> Result<Started, sqlx::Error> {
    if let Some(seconds) = pause(session, wish, offer).await? {
        give_back(session, key).await?;
        return Ok(Started::Paused(seconds));
    }
    if !insert(session, id, wish, offer).await? {
        give_back(session, key).await?;
        return Ok(Started::NoQuestions);
    }
    progress::touch(session, wish.human_name_id, wish.account_id, &offer.course, &wish.module).await?;
    let there = read(session, id, Reach::ALL).await?.ok_or(sqlx::Error::RowNotFound)?;
    keep(session, key, &there).await?;
    Ok(Started::There(Box::new(there)))
}

/// What is left of the pause after the last attempt of this person in this module.
async fn pause(session: &mut Session, wish: &NewSession, offer: &Offer) -> Result<Option<u32>, sqlx::Error> {
    let last = sqlx::query_as(LAST).bind(wish.human_name_id).bind(offer.id);
    let last: Option<Attempt> = last.fetch_optional(session.conn()).await?;
    let failed = last.filter(|attempt| !attempt.passed);
    Ok(failed
        .and_then(|attempt| pause_left(offer.retry_pause_s, attempt.completed_at.to_jiff(), attempt.now.to_jiff())))
}

/// The session and its questions; false if there are none.
async fn insert(session: &mut Session, id: Uuid, wish: &NewSession, offer: &Offer) -> Result<bool, sqlx::Error> {
    let asked: Vec<(Uuid, i32, i32, i32)> = sqlx::query_as(ASKED).bind(offer.id).fetch_all(session.conn()).await?;
    if asked.is_empty() {
        return Ok(false);
    }
    let total: i64 = asked.iter().map(|(_, _, points, weight)| worth(*points, *weight)).sum();
    let time_s = extra_time::allowed(session, wish.human_name_id, offer.time_limit_s).await?;
    let row = sqlx::query(INSERT).bind(id).bind(wish.human_name_id).bind(wish.account_id).bind(offer.id);
    row.bind(&offer.test_type).bind(offer.pass_bp).bind(total).bind(time_s).execute(session.conn()).await?;
    let (questions, versions): (Vec<Uuid>, Vec<i32>) = asked.iter().map(|one| (one.0, one.1)).unzip();
    sqlx::query(PIN).bind(id).bind(questions).bind(versions).execute(session.conn()).await?;
    Ok(true)
}

/// Locks a session until the transaction ends, and says what it is good for. None: there is no such session within reach.
pub(super) async fn lock(session: &mut Session, id: Uuid, reach: Reach) -> Result<Option<Phase>, sqlx::Error> {
    let find = sqlx::query_as(LOCK).bind(id).bind(reach.owner());
    let clock: Option<Clock> = find.fetch_optional(session.conn()).await?;
    let Some(clock) = clock else { return Ok(None) };
    let status = Status::parse(&clock.status).ok_or_else(|| unknown("status of a session"))?;
    Ok(Some(phase(status, clock.expires_at.to_jiff(), clock.now.to_jiff())))
}

/// A session within reach, with what it asks and what was answered.
pub(super) async fn read(session: &mut Session, id: Uuid, reach: Reach) -> Result<Option<TestSession>, sqlx::Error> {
    let find = sqlx::query_as(BY_ID).bind(id).bind(reach.owner());
    let found: Option<TestSession> = find.fetch_optional(session.conn()).await?;
    let Some(mut found) = found else { return Ok(None) };
    found.questions = saved::items(session, id, tells_answers(found.passed)).await?;
    Ok(Some(found))
}

/// The running session of a person in a module.
///
/// # Errors
/// See [`DbError`].
pub async fn running(db: &Db, human_name_id: Uuid, module: &str) -> Result<Option<Uuid>, DbError> {
    db.run(&(human_name_id, module), |session, (person, module)| {
        let find = sqlx::query_scalar(RUNNING).bind(person).bind(module);
        Box::pin(async move { find.fetch_optional(session.conn()).await })
    })
    .await
}

/// A session within reach, as it is. One whose time is over is ended first, so nobody sees it run on.
///
/// # Errors
/// See [`DbError`].
pub async fn by_id(db: &Db, id: Uuid, reach: Reach) -> Result<Option<TestSession>, DbError> {
    let found = db.run(&(id, reach), |session, (id, reach)| Box::pin(read(session, *id, *reach))).await?;
    match found {
        Some(found) if found.is_due => end(db, id, Cause::Clock).await,
        found => Ok(found),
    }
}

/// Who ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its person, or staff: who has it within reach. If its time is over nevertheless, the clock was faster.
    Person(Reach),
    /// The clock. While there is time left, it stays as it is.
    Clock,
}

/// Ends a session if it hasn't ended: grades it, writes the person's progress, and issues the certificate if it is earned. The session as it
/// is then, the same however often it is asked for; none if there is no such session within reach.
///
/// # Errors
/// See [`DbError`].
pub async fn end(db: &Db, id: Uuid, cause: Cause) -> Result<Option<TestSession>, DbError> {
    db.transaction_idempotent(&(id, cause), |session, (id, cause)| {
        Box::pin(async move {
            let reach = if let Cause::Person(reach) = cause { *reach } else { Reach::ALL };
            match (lock(session, *id, reach).await?, cause) {
                (None, _) => return Ok(None),
                (Some(Phase::Ended), _) | (Some(Phase::Running), Cause::Clock) => {}
                (Some(phase), _) => grade::finish(session, *id, phase).await?.tell(session).await?,
            }
            read(session, *id, reach).await
        })
    })
    .await
}

/// Up to `most` sessions whose time is over and that nobody has ended, the latest last.
///
/// # Errors
/// See [`DbError`].
pub async fn due(db: &Db, most: i64) -> Result<Vec<Uuid>, DbError> {
    db.run(&most, |session, most| {
        Box::pin(async move { sqlx::query_scalar(DUE).bind(most).fetch_all(session.conn()).await })
    })
    .await
}
