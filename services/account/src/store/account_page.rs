//! The SQL of lists of accounts: a person's, or everybody's for staff. In come whose and where a page begins; out go rows. Must not read the names of people,
//! which are Identity's.

use jiff::Timestamp;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::account::Kind;
use crate::domain::role::Role;

/// An account in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
#[schemars(rename = "ListedAccount")]
pub struct Listed {
    /// The account's identifier.
    #[sqlx(rename = "id")]
    pub account_id: Uuid,
    /// `personal` or `business`.
    #[schemars(with = "Kind")]
    pub kind: String,
    /// What to call it: the name of its company. None of an account for no company, which is called by its kind.
    pub display_name: Option<String>,
    /// The company it is for.
    pub company_id: Option<Uuid>,
    /// The roles in it of the person whose list this is, the mightiest first; none in staff's list of all accounts.
    #[schemars(with = "Vec<Role>")]
    pub roles: Vec<String>,
    /// When it was opened.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// A company that turned out to be another one is called like that one.
macro_rules! select {
    ($roles:literal, $which:literal) => {
        concat!(
            "SELECT a.id, a.kind::text AS kind, coalesce(other.name, c.name) AS display_name, a.company_id, ",
            $roles,
            " AS roles, a.created_at FROM accounts AS a LEFT JOIN companies AS c ON c.id = a.company_id \
             LEFT JOIN companies AS other ON other.id = c.merged_into WHERE a.id > $1 ",
            $which,
            " ORDER BY a.id LIMIT $2"
        )
    };
}

/// Begins with the person's roles, of which there are few, and not with all accounts.
const OF_PERSON: &str = select!(
    "ARRAY(SELECT r.role::text FROM account_roles AS r WHERE r.account_id = a.id AND r.human_name_id = $3 ORDER BY r.role)",
    "AND a.id IN (SELECT r.account_id FROM account_roles AS r WHERE r.human_name_id = $3)"
);
const ALL: &str = select!("ARRAY[]::text[]", "");

/// Up to `most` accounts after the identifier `after`: those in which this person has a role, or all that the handle may see.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, whose: Option<Uuid>, after: Uuid, most: i64) -> Result<Vec<Listed>, DbError> {
    db.run(&(whose, after, most), |session, (whose, after, most)| {
        let page = sqlx::query_as(if whose.is_some() { OF_PERSON } else { ALL }).bind(after).bind(most);
        let page = if let Some(person) = whose { page.bind(person) } else { page };
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}
