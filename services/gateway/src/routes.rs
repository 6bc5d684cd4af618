//! Which route a request means. In: a method and a path that was read already. Out: the row, or that there is none. Pure.
//! A fixed word is preferred to a parameter, as services' routers do: it is the same library. Must not change a path: what is matched is what is
//! passed on.

use std::collections::BTreeMap;

use hyper::Method;
use matchit::{InsertError, Params, Router};

use crate::table::{INSIDE, Row, TABLE, Verb};

/// The table, ready to be looked up in: every path with everything that can be done there, which may be nothing from outside.
#[derive(Debug)]
pub struct Routes(Router<Vec<&'static Row>>);

/// What a request means.
#[derive(Debug)]
pub enum Found<'a> {
    /// This route.
    Route(&'static Row, Parameters<'a>),
    /// A path that takes other methods, which are named.
    OtherMethods(Vec<&'static str>),
    /// Nothing lives there.
    Nothing,
}

/// Values of a path's parameters, as they were written.
#[derive(Debug)]
pub struct Parameters<'a>(Params<'a, 'a>);

impl<'a> Parameters<'a> {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)
    }
}

impl Routes {
    /// The routes of the table.
    ///
    /// # Errors
    /// Two paths of the table mean the same, hence a bug.
    pub fn new() -> Result<Self, InsertError> {
        let mut places: BTreeMap<&str, Vec<&'static Row>> =
            INSIDE.iter().map(|(_, path)| (*path, Vec::new())).collect();
        for row in TABLE {
            places.entry(row.path).or_default().push(row);
        }
        let mut routes = Router::new();
        for (path, rows) in places {
            routes.insert(path, rows)?;
        }
        Ok(Self(routes))
    }

    /// The route of a request.
    #[must_use]
    pub fn find<'a>(&'a self, method: &Method, path: &'a str) -> Found<'a> {
        let Ok(place) = self.0.at(path) else { return Found::Nothing };
        // The library takes nothing for a value as well.
        if place.params.iter().any(|(_, value)| value.is_empty()) {
            return Found::Nothing;
        }
        let rows = place.value;
        match rows.iter().copied().find(|row| Verb::of(method) == Some(row.verb)) {
            Some(row) => Found::Route(row, Parameters(place.params)),
            None if rows.is_empty() => Found::Nothing,
            None => Found::OtherMethods(rows.iter().map(|row| row.verb.name()).collect()),
        }
    }
}

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;
