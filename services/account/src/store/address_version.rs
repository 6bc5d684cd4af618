//! The SQL of `addresses`: a row is a version of an address, and the one without an end is what it is now. In come checked places;
//! out go rows. Must not change what a version says, nor print it.

use jiff::Timestamp;
use rerp_kit::pool::Session;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::address::{Owner, Place, TYPES};

/// A version, as it is answered.
#[derive(Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct Address {
    /// The address's identifier, the same in all versions.
    #[sqlx(rename = "id")]
    pub address_id: Uuid,
    /// In which account.
    pub account_id: Option<Uuid>,
    /// What it is for.
    #[schemars(extend("enum" = TYPES))]
    pub r#type: String,
    /// Identity's: the person whose it is.
    pub person_id: Option<Uuid>,
    /// Or the company whose it is.
    pub company_id: Option<Uuid>,
    /// Street and number.
    pub street_address: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State, province or county.
    pub state_province: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Whether it is its owner's primary one in this account.
    pub is_primary: bool,
    /// Grows with every change; the ETag.
    pub version: i32,
    /// When the first version was written.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
    /// Since when it is as it is.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub updated_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, type::text AS type, person_id, company_id, street_address, city, state_province, postal_code, \
             country, is_primary, version, created_at, updated_at FROM addresses WHERE account_id = $1 AND ",
            $rest
        )
    };
}

const AT: &str = select!("id = $2 AND version = $3");
const CURRENT: &str = select!("id = $2 AND valid_to IS NULL");
const PAGE: &str = select!("id > $2 AND valid_to IS NULL ORDER BY id LIMIT $3");
const INSERT: &str = "INSERT INTO addresses (id, account_id, person_id, company_id, is_primary, type, street_address, city, state_province, postal_code, country) \
     VALUES ($1, $2, $3, $4, $5, $6::address_type, $7, $8, $9, $10, $11)";
/// Not `now()`: the transaction may have begun before the one that it waited for, and time doesn't go back in a history.
const CLOSE: &str =
    "UPDATE addresses SET valid_to = greatest(clock_timestamp(), valid_from) WHERE id = $1 AND version = $2";
/// The last version ends, and none follows.
const END: &str = "UPDATE addresses SET valid_to = greatest(clock_timestamp(), valid_from), updated_at = greatest(clock_timestamp(), updated_at) \
     WHERE id = $1 AND version = $2";
const OTHERS: &str = "SELECT EXISTS (SELECT FROM addresses WHERE account_id = $1 AND id <> $2 AND valid_to IS NULL \
     AND (person_id = $3 OR company_id = $4))";
const SUCCEED: &str = "INSERT INTO addresses (id, version, account_id, person_id, company_id, created_at, updated_at, valid_from, \
     is_primary, type, street_address, city, state_province, postal_code, country) \
     SELECT id, version + 1, account_id, person_id, company_id, created_at, valid_to, valid_to, \
     $3, $4::address_type, $5, $6, $7, $8, $9 FROM addresses WHERE id = $1 AND version = $2";
const DEMOTE: &str = "INSERT INTO addresses (id, version, account_id, person_id, company_id, created_at, updated_at, valid_from, \
     is_primary, type, street_address, city, state_province, postal_code, country) \
     SELECT id, version + 1, account_id, person_id, company_id, created_at, valid_to, valid_to, \
     false, type, street_address, city, state_province, postal_code, country FROM addresses WHERE id = $1 AND version = $2";
const PRIMARY: &str = "SELECT id, version FROM addresses WHERE account_id = $1 AND is_primary AND valid_to IS NULL \
     AND (person_id = $2 OR company_id = $3)";

impl Address {
    /// Whether it says this.
    pub(super) fn says(&self, place: &Place) -> bool {
        let Place { kind, street_address, city, state_province, postal_code, country } = place;
        self.r#type == *kind
            && self.street_address.as_ref() == Some(street_address)
            && self.city.as_ref() == Some(city)
            && self.state_province == *state_province
            && self.postal_code == *postal_code
            && self.country.as_deref() == Some(country.code())
    }
}

/// The first version of an address.
pub(super) async fn first(
    session: &mut Session,
    id: Uuid,
    account: Uuid,
    place: &Place,
    owner: Owner,
    is_primary: bool,
) -> Result<Address, sqlx::Error> {
    let insert = sqlx::query(INSERT).bind(id).bind(account).bind(owner.person()).bind(owner.company());
    let insert = insert.bind(is_primary).bind(place.kind).bind(&place.street_address).bind(&place.city);
    let insert = insert.bind(&place.state_province).bind(&place.postal_code).bind(place.country.code());
    insert.execute(session.conn()).await?;
    at(session, account, id, 1).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The next version of an address, which says something else.
pub(super) async fn succeed(
    session: &mut Session,
    account: Uuid,
    current: &Address,
    place: &Place,
    is_primary: bool,
) -> Result<Address, sqlx::Error> {
    sqlx::query(CLOSE).bind(current.address_id).bind(current.version).execute(session.conn()).await?;
    let next = sqlx::query(SUCCEED).bind(current.address_id).bind(current.version).bind(is_primary).bind(place.kind);
    let next = next.bind(&place.street_address).bind(&place.city).bind(&place.state_province);
    next.bind(&place.postal_code).bind(place.country.code()).execute(session.conn()).await?;
    at(session, account, current.address_id, current.version + 1).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The next version of a primary address, which says the same and is primary no more.
pub(super) async fn demote(session: &mut Session, (id, version): (Uuid, i32)) -> Result<(), sqlx::Error> {
    sqlx::query(CLOSE).bind(id).bind(version).execute(session.conn()).await?;
    sqlx::query(DEMOTE).bind(id).bind(version).execute(session.conn()).await?;
    Ok(())
}

/// Ends an address: what it was stays, and it is nothing any more.
pub(super) async fn end(session: &mut Session, last: &Address) -> Result<(), sqlx::Error> {
    sqlx::query(END).bind(last.address_id).bind(last.version).execute(session.conn()).await.map(drop)
}

/// Whether its owner has another one in the account.
pub(super) async fn has_others(session: &mut Session, account: Uuid, one: &Address) -> Result<bool, sqlx::Error> {
    let others = sqlx::query_scalar(OTHERS).bind(account).bind(one.address_id).bind(one.person_id).bind(one.company_id);
    others.fetch_one(session.conn()).await
}

/// The address and version that are primary for an owner in an account.
pub(super) async fn primary(
    session: &mut Session,
    account: Uuid,
    person: Option<Uuid>,
    company: Option<Uuid>,
) -> Result<Option<(Uuid, i32)>, sqlx::Error> {
    sqlx::query_as(PRIMARY).bind(account).bind(person).bind(company).fetch_optional(session.conn()).await
}

/// One version of an address.
pub(super) async fn at(
    session: &mut Session,
    account: Uuid,
    id: Uuid,
    version: i32,
) -> Result<Option<Address>, sqlx::Error> {
    sqlx::query_as(AT).bind(account).bind(id).bind(version).fetch_optional(session.conn()).await
}

/// What an address is now.
pub(super) async fn current(session: &mut Session, account: Uuid, id: Uuid) -> Result<Option<Address>, sqlx::Error> {
    sqlx::query_as(CURRENT).bind(account).bind(id).fetch_optional(session.conn()).await
}

/// Up to `most` addresses of an account after the identifier `after`, as they are now.
pub(super) async fn page(
    session: &mut Session,
    account: Uuid,
    after: Uuid,
    most: i64,
) -> Result<Vec<Address>, sqlx::Error> {
    sqlx::query_as(PAGE).bind(account).bind(after).bind(most).fetch_all(session.conn()).await
}
