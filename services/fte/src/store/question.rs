//! The SQL of `questions`, `question_versions` and `answer_keys`. Keys go in here and come out in `grade.rs` only.

use jiff::Timestamp;
use rerp_kit::http::IfMatch;
use rerp_kit::idempotency::{Claim, Standing, give_back, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::question::{Choice, Key, Kind, Question};

/// The newest version of a question, as it is answered: without what is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "Question")]
pub struct Newest {
    /// The question's identifier, the same in all versions.
    pub question_id: Uuid,
    /// The module it belongs to.
    pub module_id: Uuid,
    /// `single_choice`, `multiple_choice` or `numeric`.
    #[schemars(with = "Kind")]
    pub kind: String,
    /// For people.
    pub prompt: String,
    /// What there is to choose.
    #[sqlx(json)]
    pub choices: Vec<Choice>,
    /// Decimal places of a numeric answer.
    pub decimals: i16,
    /// Points of a right answer.
    pub points: i32,
    /// What they are multiplied by.
    pub weight: i32,
    /// New sessions leave it out.
    pub retired: bool,
    /// Grows with every change; the ETag.
    pub version: i32,
    /// When the question was added.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub updated_at: Timestamp,
}

/// What adding a question ended in.
pub enum Added {
    /// It is there.
    There(Box<Newest>),
    /// There is no such module.
    NoModule,
    /// The module has as many questions as it may.
    Full,
    /// The caller's key was used before.
    Key(Standing),
}

/// What changing a question ended in.
pub enum Changed {
    /// There is a new version.
    Done(Box<Newest>),
    /// There is no such question.
    NotThere,
    /// The caller meant another version.
    Missed,
}

/// Questions of a module, retired ones included: what a session asks is read as a whole.
pub const MOST: i64 = 500;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT q.id AS question_id, q.module_id, v.kind, v.prompt, v.choices, v.decimals, v.points, v.weight, q.retired, q.version, \
             q.created_at, q.updated_at FROM questions AS q JOIN question_versions AS v ON v.question_id = q.id AND v.version = q.version \
             WHERE ",
            $rest
        )
    };
}

const BY_ID: &str = select!("q.id = $1");
const PAGE: &str = select!("q.module_id = $1 AND q.id > $2 ORDER BY q.id LIMIT $3");
/// One after the other in a module, so that their number is one.
const LOCK_MODULE: &str = "SELECT id FROM modules WHERE code = $1 FOR NO KEY UPDATE";
const INSERT_VERSION: &str = "INSERT INTO question_versions (question_id, version, kind, prompt, choices, decimals, points, weight) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const INSERT_KEY: &str = "INSERT INTO answer_keys (question_id, version, correct) VALUES ($1, $2, $3)";

/// Adds a question to the module of `code` under the identifier `id`, once per key.
///
/// # Errors
/// See [`DbError`]; a violated `questions_pkey` means that the caller's identifier is taken.
pub async fn add(db: &Db, id: Uuid, code: &str, new: &(Question, Key), key: Option<Claim>) -> Result<Added, DbError> {
    db.transaction_idempotent(&(id, code, new, key), |session, (id, code, new, key)| {
        Box::pin(async move {
            let key = key.as_ref();
            let standing = take(session, key, &()).await?;
            if standing != Standing::Fresh {
                return Ok(Added::Key(standing));
            }
            let module: Option<Uuid> =
                sqlx::query_scalar(LOCK_MODULE).bind(code).fetch_optional(session.conn()).await?;
            let Some(module) = module else {
                give_back(session, key).await?;
                return Ok(Added::NoModule);
            };
            // Without a key, after a lost answer: the identifier is this request's own.
            if session.attempt() > 1
                && key.is_none()
                && let Some(question) = find(session, *id).await?
            {
                return Ok(Added::There(Box::new(question)));
            }
            let count = sqlx::query_scalar("SELECT count(*) FROM questions WHERE module_id = $1").bind(module);
            let count: i64 = count.fetch_one(session.conn()).await?;
            if count >= MOST {
                give_back(session, key).await?;
                return Ok(Added::Full);
            }
            let insert = sqlx::query("INSERT INTO questions (id, module_id) VALUES ($1, $2)");
            insert.bind(id).bind(module).execute(session.conn()).await?;
            version(session, *id, 1, new).await?;
            let question = find(session, *id).await?.ok_or(sqlx::Error::RowNotFound)?;
            keep(session, key, &question).await?;
            Ok(Added::There(Box::new(question)))
        })
    })
    .await
}

/// Adds a version to a question, for whoever has read the one that is there. Sessions that run keep theirs.
///
/// # Errors
/// See [`DbError`].
pub async fn change(
    db: &Db,
    id: Uuid,
    meant: &IfMatch,
    new: &(Question, Key),
    retired: Option<bool>,
) -> Result<Changed, DbError> {
    db.transaction_idempotent(&(id, meant, new, retired), |session, (id, meant, new, retired)| {
        Box::pin(async move {
            let lock = sqlx::query_scalar("SELECT version FROM questions WHERE id = $1 FOR NO KEY UPDATE").bind(id);
            let present: Option<i32> = lock.fetch_optional(session.conn()).await?;
            let Some(present) = present else { return Ok(Changed::NotThere) };
            // After a lost answer the version that is there may be the one this request made.
            if session.attempt() > 1 && meant.means(present - 1) && is_so(session, *id, present, new).await? {
                let question = find(session, *id).await?.ok_or(sqlx::Error::RowNotFound)?;
                if retired.is_none_or(|retired| retired == question.retired) {
                    return Ok(Changed::Done(Box::new(question)));
                }
            }
            if !meant.means(present) {
                return Ok(Changed::Missed);
            }
            version(session, *id, present + 1, new).await?;
            let change = "UPDATE questions SET version = version + 1, retired = coalesce($2, retired), updated_at = now() WHERE id = $1";
            sqlx::query(change).bind(id).bind(retired).execute(session.conn()).await?;
            let question = find(session, *id).await?.ok_or(sqlx::Error::RowNotFound)?;
            Ok(Changed::Done(Box::new(question)))
        })
    })
    .await
}

/// Whether a version is exactly this one: so one knows one's own again.
async fn is_so(session: &mut Session, id: Uuid, version: i32, new: &(Question, Key)) -> Result<bool, sqlx::Error> {
    let select = "SELECT EXISTS (SELECT FROM question_versions JOIN answer_keys USING (question_id, version) \
                  WHERE question_id = $1 AND version = $2 AND prompt = $3 AND correct = $4 AND kind = $5 AND choices = $6 \
                  AND decimals = $7 AND points = $8 AND weight = $9)";
    let (question, key) = new;
    let is_so = sqlx::query_scalar(select).bind(id).bind(version).bind(&question.prompt).bind(Json(key));
    let is_so = is_so.bind(question.kind.name()).bind(Json(&question.choices)).bind(question.decimals);
    is_so.bind(question.points).bind(question.weight).fetch_one(session.conn()).await
}

async fn version(session: &mut Session, id: Uuid, version: i32, new: &(Question, Key)) -> Result<(), sqlx::Error> {
    let (question, key) = new;
    let insert = sqlx::query(INSERT_VERSION).bind(id).bind(version).bind(question.kind.name()).bind(&question.prompt);
    let insert = insert.bind(Json(&question.choices)).bind(question.decimals).bind(question.points);
    insert.bind(question.weight).execute(session.conn()).await?;
    sqlx::query(INSERT_KEY).bind(id).bind(version).bind(Json(key)).execute(session.conn()).await?;
    Ok(())
}

async fn find(session: &mut Session, id: Uuid) -> Result<Option<Newest>, sqlx::Error> {
    sqlx::query_as(BY_ID).bind(id).fetch_optional(session.conn()).await
}

/// Up to `most` questions of a module after the identifier `after`, in their newest versions; none if there is no such module.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, code: &str, after: Uuid, most: i64) -> Result<Option<Vec<Newest>>, DbError> {
    db.run(&(code, after, most), |session, (code, after, most)| {
        Box::pin(async move {
            let module = sqlx::query_scalar("SELECT id FROM modules WHERE code = $1").bind(code);
            let module: Option<Uuid> = module.fetch_optional(session.conn()).await?;
            let Some(module) = module else { return Ok(None) };
            let page = sqlx::query_as(PAGE).bind(module).bind(after).bind(most);
            page.fetch_all(session.conn()).await.map(Some)
        })
    })
    .await
}
