//! The SQL of `test_answers`: saving answers by revision, and reading them with their questions. In come answers as they were typed; out go
//! revisions. Must not read answer keys.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::{grade, session, unknown};
use crate::domain::answer::{Answer, Asked};
use crate::domain::decimal;
use crate::domain::question::{Choice, Kind};
use crate::domain::session::{Phase, Save, save as judge};
use rerp_kit::problem::Mistakes;

/// A question of a session with what was answered, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AskedQuestion")]
pub struct Item {
    /// The question.
    pub question_id: Uuid,
    /// The version that is asked.
    pub version: i32,
    /// `single_choice`, `multiple_choice` or `numeric`.
    #[schemars(with = "Kind")]
    pub kind: String,
    /// For people.
    pub prompt: String,
    /// What there is to choose.
    pub choices: Vec<Choice>,
    /// Decimal places of a numeric answer.
    pub decimals: i16,
    /// Points of a right answer.
    pub points: i32,
    /// What they are multiplied by.
    pub weight: i32,
    /// What was answered, in the form in which it was sent.
    pub answer: Option<Value>,
    /// How often an answer was saved.
    pub revision: i32,
    /// Once the session is passed: whether the answer is right. None: there is none.
    pub is_correct: Option<bool>,
    /// Once the session is passed: points times weight, or 0.
    pub points_awarded: Option<i64>,
}

/// An answer that somebody wants to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The session.
    pub session_id: Uuid,
    /// The question.
    pub question_id: Uuid,
    /// The revision that was seen; 0 before the first one.
    pub expected_revision: i32,
    /// Names of choices.
    pub choices: Option<Vec<String>>,
    /// A decimal text.
    pub value: Option<String>,
}

/// An answer that is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "SavedAnswer")]
pub struct Receipt {
    /// The question.
    pub question_id: Uuid,
    /// What the next answer to it has to expect.
    pub revision: i32,
    /// When it was saved.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub answered_at: Timestamp,
}

/// What saving an answer ended in.
pub enum Saved {
    /// It is saved.
    Done(Receipt),
    /// There is no such session.
    NotThere,
    /// The session doesn't ask this.
    NoQuestion,
    /// The session has ended.
    Ended,
    /// Its time is over; it has ended just now.
    Late,
    /// The answer doesn't fit its question.
    Wrong(Mistakes),
    /// Something else was saved meanwhile: this is its revision.
    Stale(i32),
}

#[derive(sqlx::FromRow)]
struct Row {
    question_id: Uuid,
    version: i32,
    kind: String,
    prompt: String,
    #[sqlx(json)]
    choices: Vec<Choice>,
    decimals: i16,
    points: i32,
    weight: i32,
    #[sqlx(json(nullable))]
    answer: Option<Answer>,
    revision: i32,
    is_correct: Option<bool>,
    points_awarded: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.question_id, p.version, v.kind, v.prompt, v.choices, v.decimals, v.points, v.weight, a.answer, \
             coalesce(a.revision, 0) AS revision, a.is_correct, a.points_awarded FROM session_questions AS p \
             JOIN question_versions AS v ON v.question_id = p.question_id AND v.version = p.version \
             LEFT JOIN test_answers AS a ON a.test_session_id = p.test_session_id AND a.question_id = p.question_id \
             WHERE p.test_session_id = $1 ",
            $rest
        )
    };
}

const ALL: &str = select!("ORDER BY p.position");
const ONE: &str = select!("AND p.question_id = $2");
const SAVE: &str = "INSERT INTO test_answers (test_session_id, question_id, revision, answer) VALUES ($1, $2, 1, $3) \
     ON CONFLICT (test_session_id, question_id) DO UPDATE SET revision = test_answers.revision + 1, answer = excluded.answer, \
     answered_at = now() RETURNING question_id, revision, answered_at";
const RECEIPT: &str =
    "SELECT question_id, revision, answered_at FROM test_answers WHERE test_session_id = $1 AND question_id = $2";

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        let answer = row.answer.map(|answer| match answer {
            Answer::Choices(ids) => json!({ "choices": ids }),
            Answer::Value(value) => json!({ "value": decimal::show(value, row.decimals) }),
        });
        Self {
            question_id: row.question_id,
            version: row.version,
            kind: row.kind,
            prompt: row.prompt,
            choices: row.choices,
            decimals: row.decimals,
            points: row.points,
            weight: row.weight,
            answer,
            revision: row.revision,
            is_correct: row.is_correct,
            points_awarded: row.points_awarded,
        }
    }
}

/// What a session asks and what was answered, in its order; `judged`: and whether that is right.
pub(super) async fn items(session: &mut Session, id: Uuid, judged: bool) -> Result<Vec<Item>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(ALL).bind(id).fetch_all(session.conn()).await?;
    let item = |row: Row| match Item::from(row) {
        item if judged => item,
        item => Item { is_correct: None, points_awarded: None, ..item },
    };
    Ok(rows.into_iter().map(item).collect())
}

/// Saves an answer in a session within reach, if its sender has seen the one before. The session's row is locked meanwhile, as at its end: what is saved is graded.
///
/// # Errors
/// See [`DbError`].
pub async fn save(db: &Db, wish: &Wish, reach: Reach) -> Result<Saved, DbError> {
    db.transaction_idempotent(&(wish, reach), |session, (wish, reach)| {
        Box::pin(async move {
            match session::lock(session, wish.session_id, *reach).await? {
                None => return Ok(Saved::NotThere),
                Some(Phase::Ended) => return Ok(Saved::Ended),
                Some(Phase::Due) => {
                    grade::finish(session, wish.session_id, Phase::Due).await?.tell(session).await?;
                    return Ok(Saved::Late);
                }
                Some(Phase::Running) => {}
            }
            let row = sqlx::query_as(ONE).bind(wish.session_id).bind(wish.question_id);
            let row: Option<Row> = row.fetch_optional(session.conn()).await?;
            let Some(row) = row else { return Ok(Saved::NoQuestion) };
            write(session, wish, &row).await
        })
    })
    .await
}

async fn write(session: &mut Session, wish: &Wish, row: &Row) -> Result<Saved, sqlx::Error> {
    let kind = Kind::parse(&row.kind).ok_or_else(|| unknown("kind of question"))?;
    let asked = Asked { kind, choices: &row.choices, decimals: row.decimals };
    let answer = match Answer::new(asked, wish.choices.as_deref(), wish.value.as_deref()) {
        Ok(answer) => answer,
        Err(mistakes) => return Ok(Saved::Wrong(mistakes)),
    };
    let is_same = row.answer.as_ref() == Some(&answer);
    let receipt = match judge(row.revision, is_same, wish.expected_revision) {
        Save::Write => sqlx::query_as(SAVE).bind(wish.session_id).bind(wish.question_id).bind(Json(&answer)),
        Save::Repeat => sqlx::query_as(RECEIPT).bind(wish.session_id).bind(wish.question_id),
        Save::Stale => return Ok(Saved::Stale(row.revision)),
    };
    Ok(Saved::Done(receipt.fetch_one(session.conn()).await?))
}
