//! Which route a request means. In: a method and a path that was read already. Out: the row, or that there is none. Pure.
//! A fixed word is preferred to a parameter, as services' routers do. Must not change a path: what is matched is what is passed on.

use std::collections::HashMap;

use hyper::Method;

use crate::table::{INSIDE, Row, TABLE, Verb};

/// The table, ready to be looked up in.
#[derive(Debug)]
pub struct Routes {
    /// By the second word of the path (`identity` of `/api/identity/…`).
    rooms: HashMap<&'static str, Vec<Place>>,
}

/// One path with everything that can be done there.
#[derive(Debug)]
struct Place {
    words: Vec<Word>,
    rows: Vec<&'static Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    // Before parameters in the order of places.
    Fixed(&'static str),
    Parameter(&'static str),
}

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
#[derive(Debug, Default)]
pub struct Parameters<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Parameters<'a> {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl Routes {
    /// The routes of the table.
    #[must_use]
    pub fn new() -> Self {
        let mut rooms: HashMap<&'static str, Vec<Place>> = HashMap::new();
        let shadows = INSIDE.iter().map(|(_, path)| (*path, None));
        for (path, row) in TABLE.iter().map(|row| (row.path, Some(row))).chain(shadows) {
            let room = rooms.entry(path.split('/').nth(2).unwrap_or_default()).or_default();
            let words: Vec<Word> = words(path);
            match room.iter_mut().find(|place| place.words == words) {
                Some(place) => place.rows.extend(row),
                None => room.push(Place { words, rows: row.into_iter().collect() }),
            }
        }
        for room in rooms.values_mut() {
            room.sort_by(|a, b| a.words.cmp(&b.words));
        }
        Self { rooms }
    }

    /// The route of a request.
    #[must_use]
    pub fn find<'a>(&self, method: &Method, path: &'a str) -> Found<'a> {
        let room = path.split('/').nth(2).and_then(|word| self.rooms.get(word));
        let places = room.map(Vec::as_slice).unwrap_or_default();
        let Some((place, parameters)) = places.iter().find_map(|place| Some((place, place.matches(path)?))) else {
            return Found::Nothing;
        };
        match place.rows.iter().copied().find(|row| Verb::of(method) == Some(row.verb)) {
            Some(row) => Found::Route(row, parameters),
            None if place.rows.is_empty() => Found::Nothing,
            None => Found::OtherMethods(place.rows.iter().map(|row| row.verb.name()).collect()),
        }
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    fn matches<'a>(&self, path: &'a str) -> Option<Parameters<'a>> {
        let mut given = path.split('/').skip(1);
        // First whether, and then what: most places don't match.
        for word in &self.words {
            let text = given.next()?;
            let fits = match *word {
                Word::Fixed(fixed) => fixed == text,
                Word::Parameter(_) => !text.is_empty(),
            };
            if !fits {
                return None;
            }
        }
        if given.next().is_some() {
            return None;
        }
        let pairs = self.words.iter().zip(path.split('/').skip(1));
        let parameters = pairs.filter_map(|(word, text)| match *word {
            Word::Parameter(name) => Some((name, text)),
            Word::Fixed(_) => None,
        });
        Some(Parameters(parameters.collect()))
    }
}

fn words(path: &'static str) -> Vec<Word> {
    let word = |text: &'static str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => Word::Parameter(name),
        None => Word::Fixed(text),
    };
    path.split('/').skip(1).map(word).collect()
}

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;
