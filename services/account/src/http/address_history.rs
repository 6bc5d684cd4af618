//! What addresses were: `GET /api/accounts/{account_id}/addresses/history`. Must not log what it reads.

use axum::extract::State;
use rerp_kit::access::Caller;
use rerp_kit::http::{Paging, Path, Query, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::MALFORMED_ADDRESS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer;
use crate::store::address_history::{self as store, Place, Version};

/// Which part of the history to list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Of this address alone.
    #[schemars(with = "Option<Uuid>")]
    address_id: Option<String>,
    /// How many versions make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(regex(pattern = CURSOR))]
    cursor: Option<String>,
}

/// How a place in the history is written: an address and a version.
const CURSOR: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\\.[1-9][0-9]{0,8}$";

/// A page of versions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PageOfAddressVersions")]
pub struct Versions {
    /// By address, each from its first version on.
    items: Vec<Version>,
    /// What to ask the next page with; none if this is the last one.
    next_cursor: Option<String>,
}

/// What an account's addresses were and are, those that were taken away included, a page of it.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    Query(look): Query<Look>,
) -> Result<axum::Json<Versions>, Problem> {
    let account = answer::identifier(&account)?;
    let limit = Paging::of(look.limit, None).limit()?;
    let (only, after) =
        (look.address_id.as_deref().map(address).transpose()?, look.cursor.as_deref().map(place).transpose()?);
    let after = after.unwrap_or((Uuid::nil(), 0));
    let found = store::page(&db.on_behalf(&caller), account, only, after, i64::from(limit) + 1, caller.reach()).await?;
    let mut items = found.ok_or_else(answer::no_account)?;
    let is_last = items.len() <= usize::from(limit);
    items.truncate(usize::from(limit));
    let last = items.last().filter(|_| !is_last);
    let next_cursor = last.map(|one| format!("{}.{}", one.address.address_id, one.address.version));
    Ok(axum::Json(Versions { items, next_cursor }))
}

fn address(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text)
        .ok_or_else(|| Problem::new(MALFORMED_ADDRESS).detail("`address_id` must be a UUID of 36 characters"))
}

fn place(text: &str) -> Result<Place, Problem> {
    let parts = text.split_once('.').and_then(|(id, version)| Some((strict_uuid(id)?, number(version)?)));
    parts.ok_or_else(|| Problem::new(MALFORMED_ADDRESS).detail("`cursor` must be a `next_cursor` of this list"))
}

/// Digits as a cursor has them, the first one not nought.
fn number(text: &str) -> Option<i32> {
    let is_written_so =
        (1..=9).contains(&text.len()) && text.bytes().all(|one| one.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_written_so)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let id = "0191f7a1-3f0c-7000-8000-000000000001";
        assert_eq!(place(&format!("{id}.12")).ok(), Some((strict_uuid(id).unwrap(), 12)));
        for text in [
            "",
            id,
            "1.1",
            &format!("{id}."),
            &format!("{id}.0"),
            &format!("{id}.+1"),
            &format!("{id}.1234567890"),
            &format!("{id}.1.1"),
        ] {
            assert!(place(text).is_err(), "{text}");
        }
    }
}
