//! The SQL of `modules`.

use jiff::Timestamp;
use rerp_kit::http::IfMatch;
use rerp_kit::idempotency::{Claim, Standing, keep, take};
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::module::{NewModule, RETRY_PAUSE_S, Terms, TestType};

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct Module {
    /// The module's identifier.
    #[sqlx(rename = "id")]
    pub module_id: Uuid,
    /// Its name in paths.
    pub code: String,
    /// The course it is part of.
    pub course: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: Option<String>,
    /// `module_quiz`, `interactive_scenario` or `final_assessment`.
    #[schemars(with = "TestType")]
    pub test_type: String,
    /// The share of all points that passes, in hundredths of a percent.
    pub pass_bp: i32,
    /// How many seconds a session has.
    pub time_limit_s: i32,
    /// How many days a certificate of the course is valid.
    pub certificate_days: Option<i32>,
    /// How many seconds somebody who has not passed waits for the next attempt.
    pub retry_pause_s: i32,
    /// Nobody can start it any more.
    pub retired: bool,
    /// Grows with every change; the ETag.
    pub version: i32,
    /// When it was added.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub updated_at: Timestamp,
}

/// What changing a module ended in.
pub enum Changed {
    /// It is so now.
    Done(Box<Module>),
    /// There is no such module.
    NotThere,
    /// The caller meant another version.
    Missed,
    /// Only a final assessment says how long a certificate is valid.
    NotFinal,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, code, course, title, description, test_type, pass_bp, time_limit_s, certificate_days, retry_pause_s, retired, \
             version, created_at, updated_at FROM modules WHERE ",
            $rest
        )
    };
}

const BY_ID: &str = select!("id = $1");
const BY_CODE: &str = select!("code = $1");
const LOCK: &str = select!("code = $1 FOR NO KEY UPDATE");
const PAGE: &str = select!("id > $1 ORDER BY id LIMIT $2");
macro_rules! insert {
    ($rest:literal) => {
        concat!(
            "INSERT INTO modules (id, code, course, test_type, title, description, pass_bp, time_limit_s, certificate_days, \
             retry_pause_s) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            $rest
        )
    };
}
const INSERT: &str = insert!("");
/// Without a key of the caller the identifier is new for this request, so a row in the way is our own, from an attempt whose answer was
/// lost.
const INSERT_OWN: &str = insert!(" ON CONFLICT (id) DO NOTHING");
const CHANGE: &str = "UPDATE modules SET title = $2, description = $3, pass_bp = $4, time_limit_s = $5, certificate_days = $6, \
     retry_pause_s = $7, retired = $8, version = version + 1, updated_at = now() WHERE id = $1";

/// Adds a module under the identifier `id`, once per key.
///
/// # Errors
/// See [`DbError`]; violated constraints: `modules_pkey` (the identifier is taken), `modules_code` (the code is), `modules_final` (the course
/// has a final assessment).
pub async fn add(db: &Db, id: Uuid, new: &NewModule, key: Option<Claim>) -> Result<Result<Module, Standing>, DbError> {
    let insert = if key.is_some() { INSERT } else { INSERT_OWN };
    db.transaction_idempotent(&(id, new, key), move |session, (id, new, key)| {
        Box::pin(async move {
            let standing = take(session, key.as_ref(), &()).await?;
            if standing != Standing::Fresh {
                return Ok(Err(standing));
            }
            let terms = &new.terms;
            let row = sqlx::query(insert).bind(id).bind(&new.code).bind(&new.course).bind(new.test_type.name());
            let row = row.bind(&terms.title).bind(&terms.description).bind(terms.pass_bp).bind(terms.time_limit_s);
            let row = row.bind(terms.certificate_days).bind(terms.retry_pause_s.unwrap_or(RETRY_PAUSE_S));
            row.execute(session.conn()).await?;
            let module: Module = sqlx::query_as(BY_ID).bind(id).fetch_one(session.conn()).await?;
            keep(session, key.as_ref(), &module).await?;
            Ok(Ok(module))
        })
    })
    .await
}

/// Changes a module, for whoever has read what it is now. Nothing is written if it is so already. Sessions that run keep their terms.
///
/// # Errors
/// See [`DbError`]; a violated `modules_final`: the course has another final assessment by now.
pub async fn change(
    db: &Db,
    code: &str,
    meant: &IfMatch,
    terms: &Terms,
    retired: Option<bool>,
) -> Result<Changed, DbError> {
    db.transaction_idempotent(&(code, meant, terms, retired), |session, (code, meant, terms, retired)| {
        Box::pin(async move {
            let found: Option<Module> = sqlx::query_as(LOCK).bind(code).fetch_optional(session.conn()).await?;
            let Some(module) = found else { return Ok(Changed::NotThere) };
            let is_so = module.says(terms) && retired.is_none_or(|retired| retired == module.retired);
            // After a lost answer the version that is there may be the one this request made.
            if session.attempt() > 1 && is_so && meant.means(module.version - 1) {
                return Ok(Changed::Done(Box::new(module)));
            }
            if !meant.means(module.version) {
                return Ok(Changed::Missed);
            }
            if terms.certificate_days.is_some() && module.test_type != "final_assessment" {
                return Ok(Changed::NotFinal);
            }
            if is_so {
                return Ok(Changed::Done(Box::new(module)));
            }
            let change = sqlx::query(CHANGE).bind(module.module_id).bind(&terms.title).bind(&terms.description);
            let change = change.bind(terms.pass_bp).bind(terms.time_limit_s).bind(terms.certificate_days);
            let change = change.bind(terms.retry_pause_s.unwrap_or(module.retry_pause_s));
            change.bind(retired.unwrap_or(module.retired)).execute(session.conn()).await?;
            let module = sqlx::query_as(BY_ID).bind(module.module_id).fetch_one(session.conn()).await?;
            Ok(Changed::Done(Box::new(module)))
        })
    })
    .await
}

impl Module {
    /// Whether it says this.
    fn says(&self, terms: &Terms) -> bool {
        let Terms { title, description, pass_bp, time_limit_s, certificate_days, retry_pause_s } = terms;
        self.title == *title
            && self.description == *description
            && self.pass_bp == *pass_bp
            && self.time_limit_s == *time_limit_s
            && self.certificate_days == *certificate_days
            && retry_pause_s.is_none_or(|pause| pause == self.retry_pause_s)
    }
}

/// The module of a code.
///
/// # Errors
/// See [`DbError`].
pub async fn by_code(db: &Db, code: &str) -> Result<Option<Module>, DbError> {
    db.run(code, |session, code| {
        Box::pin(async move { sqlx::query_as(BY_CODE).bind(code).fetch_optional(session.conn()).await })
    })
    .await
}

/// Up to `most` modules after the identifier `after`, retired ones among them.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, after: Uuid, most: i64) -> Result<Vec<Module>, DbError> {
    db.run(&(after, most), |session, (after, most)| {
        Box::pin(async move { sqlx::query_as(PAGE).bind(after).bind(most).fetch_all(session.conn()).await })
    })
    .await
}
