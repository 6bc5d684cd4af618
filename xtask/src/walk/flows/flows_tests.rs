use std::collections::BTreeSet;

use super::super::notes::Notes;
use super::super::original::{DIAGRAMS, ENDPOINTS};
use super::super::row::Act;
use super::*;

fn rows() -> impl Iterator<Item = &'static Row> {
    FLOWS.iter().flat_map(|flow| flow.rows)
}

#[test]
fn every_endpoint_and_every_arrow_is_proved() {
    for endpoint in ENDPOINTS {
        assert!(rows().any(|row| row.proves(&endpoint.name())), "{}", endpoint.name());
    }
    assert_eq!(FLOWS.len(), DIAGRAMS.len());
    for (flow, diagram) in FLOWS.iter().zip(DIAGRAMS) {
        for arrow in diagram.arrows {
            assert!(flow.rows.iter().any(|row| row.arrows.contains(&arrow.key)), "{} {}", diagram.title, arrow.key);
        }
        for key in flow.rows.iter().flat_map(|row| row.arrows) {
            assert!(diagram.arrows.iter().any(|arrow| arrow.key == *key), "{} {key}", diagram.title);
        }
    }
    for also in rows().flat_map(|row| row.also) {
        assert!(ENDPOINTS.iter().any(|endpoint| endpoint.name() == *also), "{also}");
    }
}

/// Whoever may call something is refused in a row if somebody may not: without a token, or as another person.
#[test]
fn what_is_not_public_is_refused_to_somebody() {
    use super::super::original::May;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.may != May::Public) {
        let name = endpoint.name();
        let refused = |row: &Row| row.is_refusal() && [401, 403, 404].contains(&row.status) && row.request() == name;
        assert!(rows().any(refused), "{name}");
    }
}

/// Walks the table without a platform: every name has a value by the time a row needs it, and what is sent is JSON.
#[test]
fn no_row_needs_what_no_row_before_has_brought() {
    let mut notes = Notes::default();
    for name in GIVEN {
        notes.keep(name, "1");
    }
    for row in rows() {
        let filled = |template: &str| notes.text(template).unwrap_or_else(|missing| panic!("{}: {missing}", row.what));
        match row.act {
            Act::Ask { path, body, .. } => {
                notes.path(path).unwrap_or_else(|missing| panic!("{}: {missing}", row.what));
                let body = filled(body);
                let is_json = || serde_json::from_str::<serde_json::Value>(&body).is_ok_and(|body| body.is_object());
                assert!(body.is_empty() || is_json(), "{}: {body}", row.what);
            }
            Act::Code { to: name }
            | Act::Card { secret: name }
            | Act::Documents { url: name }
            | Act::Event { about: name, .. } => assert!(notes.get(name).is_ok(), "{}: {name}", row.what),
            Act::Stored { sql, .. } => assert!(filled(sql).contains("{schema}."), "{}", row.what),
        }
        for (place, wanted) in row.shows {
            assert!(place.is_empty() || filled(place).starts_with('/'), "{}: {place}", row.what);
            filled(wanted);
        }
        for (_, place) in row.keeps {
            assert!(filled(place).starts_with('/'), "{}: {place}", row.what);
        }
        for (name, _) in row.keeps {
            notes.keep(name, "1");
        }
    }
}

#[test]
fn a_key_stands_for_one_request() {
    let mut seen: Vec<&Row> = Vec::new();
    for row in rows().filter(|row| row.key.is_some()) {
        let Act::Ask { method, path, body, .. } = row.act else { panic!("{} is no request", row.what) };
        assert_eq!(method, "POST", "{}", row.what);
        for before in seen.iter().filter(|before| before.key == row.key) {
            let Act::Ask { path: first, body: same, .. } = before.act else { continue };
            assert_eq!((path, body), (first, same), "{}", row.what);
        }
        seen.push(row);
    }
}

#[test]
fn refusals_are_of_kinds_that_there_are() {
    let catalogue = include_str!("../../../../services/kit/src/problem/catalogue.rs");
    for row in rows() {
        let Some(problem) = row.problem else { continue };
        let line = catalogue.split("Kind::new(").find(|line| line.starts_with(&format!("\"{problem}\"")));
        let line = line.unwrap_or_else(|| panic!("no problem is called {problem}"));
        assert!(line.split(')').next().is_some_and(|line| line.ends_with(&format!(", {}", row.status))), "{problem}");
    }
}

#[test]
fn what_is_told_apart_in_a_run_is_named_once() {
    let names: BTreeSet<&str> = GIVEN.iter().copied().collect();
    assert_eq!(names.len(), GIVEN.len());
}
