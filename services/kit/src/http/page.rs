//! Lists in pages, by key: a page begins after the last identifier of the one before, so that rows which come and go meanwhile
//! shift nothing. In comes the query of a request; out go how much to read, and the page as it is answered.
//! Must not count rows: a total is a scan, and wrong by the time it is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::strict_uuid;
use crate::problem::Problem;
use crate::problem::catalogue::MALFORMED_ADDRESS;

/// Rows of a page when the caller doesn't say.
const USUAL: u16 = 50;
/// The most rows of a page.
const MOST: u16 = 200;

/// What a list takes, as a query.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// How many rows make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = MOST))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(with = "Option<Uuid>")]
    cursor: Option<String>,
}

impl Paging {
    /// The same out of a query that takes more than a page.
    #[must_use]
    pub fn of(limit: Option<u16>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// How many rows make a page, 1 to 200.
    ///
    /// # Errors
    /// A problem when the caller asked for another number.
    pub fn limit(&self) -> Result<u16, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::new(MALFORMED_ADDRESS).detail(format!("`limit` must be 1 to {MOST}")))
    }

    /// The identifier after which the page begins; the smallest of all for the first page.
    ///
    /// # Errors
    /// A problem when the cursor is none of ours.
    pub fn after(&self) -> Result<Uuid, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(Uuid::nil()) };
        strict_uuid(cursor)
            .ok_or_else(|| Problem::new(MALFORMED_ADDRESS).detail("`cursor` must be a `next_cursor` of this list"))
    }
}

/// A page as it is answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask the next page with; none if this is the last one.
    pub next_cursor: Option<Uuid>,
}

impl<T> Page<T> {
    /// A page of `limit` rows out of up to one more, which only tells that there is a next page.
    #[must_use]
    pub fn of(mut rows: Vec<T>, limit: u16, id: impl Fn(&T) -> Uuid) -> Self {
        let is_last = rows.len() <= usize::from(limit);
        rows.truncate(usize::from(limit));
        let next_cursor = rows.last().filter(|_| !is_last).map(id);
        Self { items: rows, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(limit: Option<u16>, cursor: Option<&str>) -> Paging {
        Paging { limit, cursor: cursor.map(str::to_owned) }
    }

    #[test]
    fn only_the_row_too_many_makes_a_next_page() {
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        let page = |limit| Page::of(ids.clone(), limit, |id| *id);
        assert_eq!((page(2).items.len(), page(2).next_cursor), (2, Some(ids[1])));
        assert_eq!((page(3).items.len(), page(3).next_cursor), (3, None));
        assert_eq!(Page::of(Vec::new(), 3, |id| *id).next_cursor, None);
    }

    #[test]
    fn what_is_asked_for_has_bounds() {
        assert_eq!(paging(None, None).limit().unwrap(), USUAL);
        assert_eq!(paging(Some(MOST), None).limit().unwrap(), MOST);
        for limit in [0, MOST + 1] {
            assert_eq!(paging(Some(limit), None).limit().unwrap_err().kind(), MALFORMED_ADDRESS);
        }
        assert_eq!(paging(None, None).after().unwrap(), Uuid::nil());
        for cursor in ["", "1", "0191f7a13f0c70008000000000000001"] {
            assert_eq!(paging(None, Some(cursor)).after().unwrap_err().kind(), MALFORMED_ADDRESS, "{cursor}");
        }
    }
}
