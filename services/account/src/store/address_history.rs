//! The SQL of the history of addresses. In come an account and where a page begins; out go versions, by address and from the first one on. Must not change
//! anything.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::address_version::Address;
use super::is_account;

/// What an address was for a time.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AddressVersion")]
pub struct Version {
    /// What it said.
    #[serde(flatten)]
    pub address: Address,
    /// Since when it was so.
    pub valid_from: Timestamp,
    /// Until when: the next version begins then, or the address was taken away. None: it is so now.
    pub valid_to: Option<Timestamp>,
}

/// A row.
#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    address: Address,
    valid_from: jiff_sqlx::Timestamp,
    valid_to: Option<jiff_sqlx::Timestamp>,
}

impl From<Row> for Version {
    fn from(row: Row) -> Self {
        let valid_to = row.valid_to.map(jiff_sqlx::Timestamp::to_jiff);
        Self { address: row.address, valid_from: row.valid_from.to_jiff(), valid_to }
    }
}

/// A place in the history: an address, and one of its versions.
pub type Place = (Uuid, i32);

const PAGE: &str = "SELECT id, account_id, type::text AS type, person_id, company_id, street_address, city, state_province, postal_code, \
     country, is_primary, version, created_at, updated_at, valid_from, valid_to FROM addresses \
     WHERE account_id = $1 AND (id, version) > ($2, $3) AND ($4::uuid IS NULL OR id = $4) ORDER BY id, version LIMIT $5";

/// Up to `most` versions of an account's addresses, or of one of them, after a place; none if there is no such account for somebody of this reach.
///
/// # Errors
/// See [`DbError`].
pub async fn page(
    db: &Db,
    account: Uuid,
    only: Option<Uuid>,
    after: Place,
    most: i64,
    reach: Reach,
) -> Result<Option<Vec<Version>>, DbError> {
    db.run(&(account, only, after, most, reach), |session, (account, only, (id, version), most, reach)| {
        Box::pin(async move {
            if !is_account(session, *account, *reach).await? {
                return Ok(None);
            }
            let page = sqlx::query_as(PAGE).bind(account).bind(id).bind(version).bind(only).bind(most);
            let rows: Vec<Row> = page.fetch_all(session.conn()).await?;
            Ok(Some(rows.into_iter().map(Version::from).collect()))
        })
    })
    .await
}
