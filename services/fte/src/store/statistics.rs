//! The SQL that counts how questions do. Numbers only: nothing of a person is in them, and nothing of what is right.

use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// How a question does in its newest version, over all sessions that asked it and have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "QuestionStatistics")]
pub struct Statistics {
    /// The question.
    pub question_id: Uuid,
    /// In which version.
    pub version: i32,
    /// How many sessions asked it.
    pub asked: i64,
    /// How many of these answered it.
    pub answered: i64,
    /// How many answered it rightly.
    pub correct: i64,
    /// The share of those who were asked, in hundredths of a percent: how easy it is. None before anybody was.
    pub correct_bp: Option<i64>,
    /// How much more points those earn elsewhere in the test who answer it rightly: the correlation of both, in thousandths, from -1000 to 1000. Around zero or below, it
    /// tells nothing of what people know, or has the wrong key. None while all did alike.
    pub discrimination_pm: Option<i32>,
}

const MODULE: &str = "SELECT id FROM modules WHERE code = $1";
const OF_MODULE: &str = "SELECT q.id AS question_id, q.version, count(s.id) AS asked, \
     count(s.id) FILTER (WHERE a.question_id IS NOT NULL) AS answered, count(s.id) FILTER (WHERE a.is_correct) AS correct, \
     count(s.id) FILTER (WHERE a.is_correct) * 10000 / nullif(count(s.id), 0) AS correct_bp, \
     round(1000 * corr(CASE WHEN a.is_correct THEN 1 ELSE 0 END, s.points_earned - coalesce(a.points_awarded, 0)))::integer AS discrimination_pm \
     FROM questions AS q LEFT JOIN session_questions AS p ON p.question_id = q.id AND p.version = q.version \
     LEFT JOIN test_sessions AS s ON s.id = p.test_session_id AND s.status <> 'in_progress' \
     LEFT JOIN test_answers AS a ON a.test_session_id = s.id AND a.question_id = q.id \
     WHERE q.module_id = $1 AND q.id > $2 GROUP BY q.id, q.version ORDER BY q.id LIMIT $3";

/// Up to `most` questions of a module after the identifier `after`; none if there is no such module.
///
/// # Errors
/// See [`DbError`].
pub async fn of_module(db: &Db, code: &str, after: Uuid, most: i64) -> Result<Option<Vec<Statistics>>, DbError> {
    db.run(&(code, after, most), |session, (code, after, most)| {
        Box::pin(async move {
            let module = sqlx::query_scalar(MODULE).bind(*code);
            let module: Option<Uuid> = module.fetch_optional(session.conn()).await?;
            let Some(module) = module else { return Ok(None) };
            let counted = sqlx::query_as(OF_MODULE).bind(module).bind(*after).bind(*most);
            counted.fetch_all(session.conn()).await.map(Some)
        })
    })
    .await
}
