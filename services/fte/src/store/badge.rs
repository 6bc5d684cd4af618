//! The SQL of what certificates say as badges, and of `certificate_status`. In come tokens and lists; out go facts that never change, and what
//! was revoked. Must not log tokens.

use jiff::Timestamp;
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use crate::badge::{Facts, status};

/// Turns of drawing a place. The newest list may be nearly full, and somebody else may be drawing too.
const TURNS: i32 = 4;
/// From this turn on it is the next list's.
const NEXT_LIST: i32 = 2;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    human_name_id: Uuid,
    verification_token: String,
    certificate_number: String,
    course: String,
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    issued_at: Timestamp,
    expires_at: Option<jiff_sqlx::Timestamp>,
    points_earned: i64,
    points_total: i64,
    pass_bp: i32,
    status_list: Option<i32>,
    status_index: Option<i32>,
}

/// What was revoked of a list, and the database's time when it was read.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Revoked {
    /// Places.
    pub places: Vec<i32>,
    /// When.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub now: Timestamp,
}

/// The final assessment that the certificate stands for: the session that earned it, or, where a module was the last thing missing, the first one
/// that was passed. `updated_at` is when it was graded; nothing is graded into the past, so it is the same one each time.
const FACTS: &str = "SELECT c.id, c.human_name_id, c.verification_token, c.certificate_number, c.course, c.issued_at, c.expires_at, \
     f.points_earned, f.points_total, f.pass_bp, p.status_list, p.status_index FROM fte_certificates AS c \
     LEFT JOIN certificate_status AS p ON p.certificate_id = c.id \
     JOIN LATERAL (SELECT t.points_earned, t.points_total, t.pass_bp FROM test_sessions AS t JOIN modules AS m ON m.id = t.module_id \
     WHERE t.human_name_id = c.human_name_id AND m.course = c.course AND t.test_type = 'final_assessment' AND t.passed \
     AND t.updated_at <= c.issued_at ORDER BY t.id = c.test_session_id DESC, t.updated_at, t.id LIMIT 1) AS f ON true \
     WHERE c.verification_token = $1";
/// The first of the places drawn that is free in the newest list, or in the `$2`th after it. Nothing if all are taken, or the certificate has one.
const TAKE: &str = "WITH newest AS (SELECT coalesce(max(status_list), 1) + $2 AS list FROM certificate_status) \
     INSERT INTO certificate_status (certificate_id, status_list, status_index) \
     SELECT $1, n.list, d.draw FROM newest AS n, unnest($3::integer[]) WITH ORDINALITY AS d (draw, place) \
     WHERE NOT EXISTS (SELECT FROM certificate_status AS c WHERE c.status_list = n.list AND c.status_index = d.draw) \
     ORDER BY d.place LIMIT 1 ON CONFLICT DO NOTHING";
const PLACE: &str = "SELECT status_list, status_index FROM certificate_status WHERE certificate_id = $1";
const REVOKED: &str = "SELECT array(SELECT p.status_index FROM fte_certificates AS c JOIN certificate_status AS p ON p.certificate_id = c.id \
     WHERE c.revoked_at IS NOT NULL AND p.status_list = $1) AS places, now() AS now \
     WHERE EXISTS (SELECT FROM certificate_status WHERE status_list = $1)";

/// What the certificate of a token says.
///
/// # Errors
/// See [`DbError`].
pub async fn facts(db: &Db, token: &str) -> Result<Option<Facts>, DbError> {
    let found: Option<Row> = db
        .run(token, |session, token| {
            Box::pin(async move { sqlx::query_as(FACTS).bind(token).fetch_optional(session.conn()).await })
        })
        .await?;
    let Some(row) = found else { return Ok(None) };
    let (status_list, status_index) = match (row.status_list, row.status_index) {
        (Some(list), Some(index)) => (list, index),
        // It was issued by a version that gave it none.
        _ => db.run(&row.id, |session, id| Box::pin(place(session, *id))).await?,
    };
    Ok(Some(Facts {
        certificate_id: row.id,
        human_name_id: row.human_name_id,
        token: row.verification_token,
        number: row.certificate_number,
        course: row.course,
        issued_at: row.issued_at,
        expires_at: row.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        earned: row.points_earned,
        total: row.points_total,
        pass_bp: row.pass_bp,
        status_list,
        status_index,
    }))
}

/// The certificate's place, list and index; drawn if it has none.
pub(super) async fn place(session: &mut Session, certificate: Uuid) -> Result<(i32, i32), sqlx::Error> {
    for turn in 0..TURNS {
        let take = sqlx::query(TAKE).bind(certificate).bind(i32::from(turn >= NEXT_LIST)).bind(status::draw());
        take.execute(session.conn()).await?;
        let place: Option<(i32, i32)> = sqlx::query_as(PLACE).bind(certificate).fetch_optional(session.conn()).await?;
        if let Some(place) = place {
            return Ok(place);
        }
    }
    Err(sqlx::Error::RowNotFound)
}

/// What was revoked of a list; none if there is no such list.
///
/// # Errors
/// See [`DbError`].
pub async fn revoked(db: &Db, list: i32) -> Result<Option<Revoked>, DbError> {
    db.run(&list, |session, list| {
        Box::pin(async move { sqlx::query_as(REVOKED).bind(list).fetch_optional(session.conn()).await })
    })
    .await
}
