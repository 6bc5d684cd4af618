//! Whether an answer is what a row wants, and what there is to learn from it. In: rows and answers. Out: a reason why not, or notes. Pure.

use serde_json::Value;

use super::http::Answer;
use super::notes::Notes;
use super::row::Row;

/// Where kinds of problems are described.
const PROBLEMS: &str = "https://rerp.dev/problems/";
/// How much of an answer that isn't understood is shown, in characters.
const SHOWN: usize = 200;

/// Compares an answer with what is wanted.
///
/// # Errors
/// What is not so, for people.
pub(super) fn judge(row: &Row, answer: &Answer, notes: &Notes) -> Result<(), String> {
    if answer.status != row.status {
        return Err(format!("answered {}", brief(answer)));
    }
    if let Some(problem) = row.problem
        && kind(&answer.body) != Some(problem)
    {
        return Err(format!("answered {}", brief(answer)));
    }
    for (place, wanted) in row.shows {
        let (place, wanted) = (filled(notes, place)?, filled(notes, wanted)?);
        let found = at(&answer.body, &place).filter(|value| !value.is_null());
        let is_so = match (wanted.as_str(), found) {
            ("*", found) => found.is_some(),
            ("-", found) => found.is_none(),
            (wanted, found) => found.is_some_and(|value| said(value) == wanted),
        };
        if !is_so {
            let found = found.map_or_else(|| "nothing".to_owned(), |value| cut(&said(value)));
            return Err(format!("{} is {found}, not {wanted}", if place.is_empty() { "it" } else { place.as_str() }));
        }
    }
    Ok(())
}

/// Keeps what later rows need.
///
/// # Errors
/// It isn't there.
pub(super) fn learn(row: &Row, answer: &Answer, notes: &mut Notes) -> Result<(), String> {
    for (name, place) in row.keeps {
        let place = filled(notes, place)?;
        let found = at(&answer.body, &place).filter(|value| !value.is_null());
        let value = found.map(said).ok_or_else(|| format!("there is no {place} in the answer"))?;
        notes.keep(name, value);
    }
    Ok(())
}

/// What is at a place: words between slashes, each a field, a number in a list, or `field=value` for the item that has it.
fn at<'a>(value: &'a Value, place: &str) -> Option<&'a Value> {
    place.split('/').skip(1).try_fold(value, |value, word| match value {
        Value::Array(items) => match word.split_once('=') {
            Some((field, wanted)) => {
                items.iter().find(|item| item.get(field).is_some_and(|value| said(value) == wanted))
            }
            None => items.get(word.parse::<usize>().ok()?),
        },
        _ => value.get(word),
    })
}

/// The kind of problem that an answer is about.
pub(super) fn kind(body: &Value) -> Option<&str> {
    body["type"].as_str()?.strip_prefix(PROBLEMS)
}

/// An answer in a line.
pub(super) fn brief(answer: &Answer) -> String {
    let Answer { status, body, .. } = answer;
    let Some(kind) = kind(body) else {
        return match body {
            Value::Null => status.to_string(),
            other => format!("{status} {}", cut(&said(other))),
        };
    };
    let detail = body["detail"].as_str().map(|detail| format!(": {detail}")).unwrap_or_default();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().map(|error| format!("; {} {}", said(&error["pointer"]), said(&error["detail"])));
    format!("{status} {kind}{detail}{}", errors.collect::<String>())
}

fn filled(notes: &Notes, template: &str) -> Result<String, String> {
    notes.text(template).map_err(|missing| missing.to_string())
}

/// A value as it is compared: texts without quotes.
fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::super::row::{Who, get};
    use super::*;
    use serde_json::json;

    fn answer(status: u16, body: Value) -> Answer {
        Answer { status, body, again: None }
    }

    const ROW: Row = get("it", Who::Ann, "/a")
        .shows(&[
            ("/items/id=$two/name", "b"),
            ("/items/0/n", "1"),
            ("/end", "-"),
            ("/items/2", "-"),
            ("/more/is", "true"),
        ])
        .keeps(&[("one", "/items/0/id")]);

    fn body() -> Value {
        json!({ "items": [{ "id": "x", "n": 1 }, { "id": "y", "name": "b" }], "end": null, "more": { "is": true } })
    }

    #[test]
    fn an_answer_shows_what_is_wanted_or_it_is_said_what_not() {
        let mut notes = Notes::default();
        notes.keep("two", "y");
        assert_eq!(judge(&ROW, &answer(200, body()), &notes), Ok(()));
        assert_eq!(learn(&ROW, &answer(200, body()), &mut notes), Ok(()));
        assert_eq!(notes.get("one"), Ok("x"));
        for (pointer, value, why) in [
            ("/items/1/name", json!("c"), "/items/id=y/name is c, not b"),
            ("/items/0/n", Value::Null, "/items/0/n is nothing, not 1"),
            ("/end", json!("now"), "/end is now, not -"),
            ("/more/is", json!(false), "/more/is is false, not true"),
        ] {
            let mut other = body();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_eq!(judge(&ROW, &answer(200, other), &notes).unwrap_err(), why);
        }
        assert!(learn(&ROW, &answer(200, json!({})), &mut notes).is_err());
        assert!(judge(&ROW, &answer(200, body()), &Notes::default()).is_err(), "a name without a value");
    }

    #[test]
    fn a_refusal_is_of_its_kind() {
        let row = get("it", Who::Ann, "/a").refused(404, "not-found");
        let problem = |kind: &str| json!({ "type": format!("{PROBLEMS}{kind}"), "detail": "no", "errors": [{ "pointer": "/x", "detail": "y" }] });
        let notes = Notes::default();
        assert_eq!(judge(&row, &answer(404, problem("not-found")), &notes), Ok(()));
        let why = judge(&row, &answer(404, problem("no-such-route")), &notes).unwrap_err();
        assert_eq!(why, "answered 404 no-such-route: no; /x y");
        assert!(judge(&row, &answer(403, problem("not-found")), &notes).is_err());
        assert_eq!(judge(&row, &answer(200, json!("text")), &notes).unwrap_err(), "answered 200 text");
        assert_eq!(judge(&row, &answer(502, Value::Null), &notes).unwrap_err(), "answered 502");
    }

    #[test]
    fn a_whole_answer_may_be_a_value() {
        let row = get("it", Who::Ann, "/a").shows(&[("", "1")]);
        assert_eq!(judge(&row, &answer(200, json!("1")), &Notes::default()), Ok(()));
        assert_eq!(judge(&row, &answer(200, json!("0")), &Notes::default()).unwrap_err(), "it is 0, not 1");
    }
}
