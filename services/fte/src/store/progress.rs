//! The SQL of `user_progress`: how far people have come in courses. In come sessions that were started or passed; out goes where a person
//! stands. What is passed is written where it is passed, in the same transaction, the certificate with it.

use jiff::Timestamp;
use rerp_kit::events::catalogue::CertificateIssued;
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{certificate, maybe};
use crate::domain::certificate::{Passed, is_earned};
use crate::domain::module::TestType;

/// How far a person has come in a course, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct Progress {
    /// The course.
    pub course: String,
    /// Code of the module started last.
    pub current_module: Option<String>,
    /// Codes of the modules that were passed.
    pub modules_completed: Vec<String>,
    /// How many modules the course has now, without the final assessment.
    pub modules_total: i64,
    /// How many of these are passed.
    pub modules_passed: i64,
    /// The same in whole percent, rounded down: to look at, nothing is decided by it.
    pub overall_progress: i64,
    /// When the final assessment was first passed.
    #[serde(serialize_with = "maybe")]
    #[schemars(with = "Option<Timestamp>")]
    pub final_passed_at: Option<jiff_sqlx::Timestamp>,
    /// Whether there has been a certificate.
    pub fte_certificate_issued: bool,
    /// When the newest one was issued.
    #[serde(serialize_with = "maybe")]
    #[schemars(with = "Option<Timestamp>")]
    pub certificate_issued_at: Option<jiff_sqlx::Timestamp>,
    /// When a session was last started or passed.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub last_accessed_at: Timestamp,
}

/// A session that was passed.
pub(super) struct Pass {
    pub(super) session_id: Uuid,
    pub(super) human_name_id: Uuid,
    pub(super) account_id: Uuid,
}

const TOUCH: &str = "INSERT INTO user_progress (id, human_name_id, account_id, course, current_module) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (human_name_id, course) DO UPDATE SET account_id = excluded.account_id, current_module = excluded.current_module, \
     last_accessed_at = now(), updated_at = now()";
/// Locks the row; what it returns holds what others have written until then.
const PASS: &str = "INSERT INTO user_progress (id, human_name_id, account_id, course, modules_completed, final_passed_at) \
     VALUES ($1, $2, $3, $4, CASE WHEN $6 THEN '{}' ELSE ARRAY[$5::text] END, CASE WHEN $6 THEN now() END) \
     ON CONFLICT (human_name_id, course) DO UPDATE SET last_accessed_at = now(), updated_at = now(), \
     final_passed_at = coalesce(user_progress.final_passed_at, excluded.final_passed_at), \
     modules_completed = CASE WHEN $6 OR $5 = ANY (user_progress.modules_completed) THEN user_progress.modules_completed \
     ELSE user_progress.modules_completed || $5::text END RETURNING modules_completed, final_passed_at IS NOT NULL";
const ALL_MODULES: &str = "SELECT NOT EXISTS (SELECT FROM modules WHERE course = $1 AND NOT retired AND test_type <> 'final_assessment' \
     AND code <> ALL ($2))";
const OF_PERSON: &str = "SELECT p.course, p.current_module, p.modules_completed, count(m.id) AS modules_total, \
     count(m.id) FILTER (WHERE m.code = ANY (p.modules_completed)) AS modules_passed, \
     coalesce(count(m.id) FILTER (WHERE m.code = ANY (p.modules_completed)) * 100 / nullif(count(m.id), 0), 0) AS overall_progress, \
     p.final_passed_at, p.certificate_issued_at IS NOT NULL AS fte_certificate_issued, p.certificate_issued_at, p.last_accessed_at \
     FROM user_progress AS p LEFT JOIN modules AS m ON m.course = p.course AND NOT m.retired AND m.test_type <> 'final_assessment' \
     WHERE p.human_name_id = $1 GROUP BY p.id ORDER BY p.course";

/// A session was started.
pub(super) async fn touch(
    session: &mut Session,
    human_name_id: Uuid,
    account_id: Uuid,
    course: &str,
    module: &str,
) -> Result<(), sqlx::Error> {
    let touch = sqlx::query(TOUCH).bind(Uuid::now_v7()).bind(human_name_id).bind(account_id).bind(course).bind(module);
    touch.execute(session.conn()).await?;
    Ok(())
}

/// A session was passed: the progress, and the certificate if that was the last thing it took. What others are to be told of that.
pub(super) async fn pass(
    session: &mut Session,
    by: &Pass,
    module_id: Uuid,
    test_type: TestType,
) -> Result<Option<CertificateIssued>, sqlx::Error> {
    let is_final = test_type == TestType::FinalAssessment;
    let module = sqlx::query_as("SELECT course, code FROM modules WHERE id = $1").bind(module_id);
    let (course, code): (String, String) = module.fetch_one(session.conn()).await?;
    let row = sqlx::query_as(PASS).bind(Uuid::now_v7()).bind(by.human_name_id).bind(by.account_id);
    let row = row.bind(&course).bind(&code).bind(is_final);
    let (completed, final_assessment): (Vec<String>, bool) = row.fetch_one(session.conn()).await?;
    let all = sqlx::query_scalar(ALL_MODULES).bind(&course).bind(completed);
    let all_modules: bool = all.fetch_one(session.conn()).await?;
    let (held, before) = certificate::held(session, by.human_name_id, &course).await?;
    if !is_earned(Passed { is_final, all_modules, final_assessment }, held) {
        return Ok(None);
    }
    let note = "UPDATE user_progress SET certificate_issued_at = now() WHERE human_name_id = $1 AND course = $2";
    sqlx::query(note).bind(by.human_name_id).bind(&course).execute(session.conn()).await?;
    certificate::issue(session, by, &course, before + 1).await.map(Some)
}

/// How far a person has come, by course; nothing for somebody who never started.
///
/// # Errors
/// See [`DbError`].
pub async fn of_person(db: &Db, human_name_id: Uuid) -> Result<Vec<Progress>, DbError> {
    db.run(&human_name_id, |session, person| {
        Box::pin(async move { sqlx::query_as(OF_PERSON).bind(person).fetch_all(session.conn()).await })
    })
    .await
}
