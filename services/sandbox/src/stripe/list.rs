//! Lists, and what is found in them. In: objects, the newest first. Out: a page of those that are wanted, from which a client finds the next one.

use serde_json::{Value, json};

use super::form::Given;
use super::refusal::Refusal;
use super::state::{Kind, State};

/// Most objects on a page, and how many there are unless told otherwise.
const MOST: i64 = 100;
const USUAL: i64 = 10;
/// Most clauses of a search.
const CLAUSES: usize = 10;

impl Kind {
    /// What its list may be narrowed by: the parameter, and where the object has it.
    fn filters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Customer => &[("email", "/email")],
            Self::Product => &[("active", "/active")],
            Self::Price => &[
                ("active", "/active"),
                ("currency", "/currency"),
                ("lookup_keys", "/lookup_key"),
                ("product", "/product"),
                ("type", "/type"),
            ],
            Self::SetupIntent => &[("customer", "/customer"), ("payment_method", "/payment_method")],
            Self::PaymentMethod => &[("customer", "/customer"), ("type", "/type")],
            Self::PaymentIntent => &[("customer", "/customer")],
            Self::Invoice => &[
                ("customer", "/customer"),
                ("status", "/status"),
                ("subscription", "/parent/subscription_details/subscription"),
            ],
            Self::VerificationSession => &[("status", "/status")],
            Self::Subscription => {
                &[("customer", "/customer"), ("price", "/items/data/0/price/id"), ("status", "/status")]
            }
            Self::TestClock => &[],
        }
    }

    /// The parameters of its list.
    pub(super) fn list_params(self) -> impl Iterator<Item = &'static str> {
        ["limit", "starting_after", "ending_before"].into_iter().chain(self.filters().iter().map(|(name, _)| *name))
    }

    /// Whether there is a search for it.
    pub(super) fn is_searched(self) -> bool {
        [Self::Customer, Self::Product, Self::Price, Self::PaymentIntent, Self::Invoice, Self::Subscription]
            .contains(&self)
    }
}

/// A page of objects of a kind.
pub(super) fn listed(
    state: &State,
    kind: Kind,
    url: &str,
    given: Given<'_>,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value, Refusal> {
    let is_wanted = |object: &Value| {
        let is_here = object["deleted"] != true && wanted(object);
        is_here && kind.filters().iter().all(|(name, pointer)| fits(kind, given, name, object.pointer(pointer)))
    };
    let all: Vec<&Value> = state.all(kind).filter(|object| is_wanted(object)).collect();
    page(&all, kind.name(), url, given)
}

/// Whether an object fits a parameter, or the parameter isn't given.
fn fits(kind: Kind, given: Given<'_>, name: &str, value: Option<&Value>) -> bool {
    let wanted = given.list(&format!("/{name}"));
    let value = value.map(spelled).unwrap_or_default();
    match (kind, name, wanted.as_slice()) {
        (Kind::Subscription, "status", []) => value != "canceled",
        (Kind::Subscription, "status", ["all"]) | (_, _, []) => true,
        (_, _, wanted) => wanted.contains(&value.as_str()),
    }
}

/// A value as a form has it.
fn spelled(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A page of events.
pub(super) fn by_events(state: &State, given: Given<'_>) -> Result<Value, Refusal> {
    let (kind, kinds) = (given.text("/type"), given.list("/types"));
    let is_wanted = |event: &&Value| {
        let text = event["type"].as_str().unwrap_or_default();
        kind.is_none_or(|kind| kind == text) && (kinds.is_empty() || kinds.contains(&text))
    };
    let all: Vec<&Value> = state.events.iter().rev().filter(is_wanted).collect();
    page(&all, "event", "/v1/events", given)
}

fn limit(given: Given<'_>) -> Result<usize, Refusal> {
    let limit = match given.text("/limit") {
        None => USUAL,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("limit", &format!("Invalid integer: {text}")))?,
    };
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::invalid("limit", &format!("This value must be from 1 to {MOST}.")));
    }
    Ok(usize::try_from(limit).unwrap_or_default())
}

fn page(all: &[&Value], name: &str, url: &str, given: Given<'_>) -> Result<Value, Refusal> {
    let limit = limit(given)?;
    let place = |param: &str| {
        given.text(&format!("/{param}")).map(|id| {
            let at = all.iter().position(|object| object["id"] == id);
            at.ok_or_else(|| Refusal::invalid(param, &format!("No such {name}: '{id}'")))
        })
    };
    let (range, has_more) = match (place("starting_after").transpose()?, place("ending_before").transpose()?) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("ending_before", "You can't have both starting_after and ending_before."));
        }
        (_, Some(end)) => (end.saturating_sub(limit)..end, end > limit),
        (after, None) => {
            let start = after.map_or(0, |at| at + 1);
            let end = start.saturating_add(limit).min(all.len());
            (start..end, end < all.len())
        }
    };
    let data = all.get(range).unwrap_or_default();
    Ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
}

/// Objects by what they say, unlike at Stripe at once. A clause names a field or one of the metadata, and its value; `AND` is between.
pub(super) fn searched(state: &State, kind: Kind, given: Given<'_>) -> Result<Value, Refusal> {
    let query = given.text("/query").ok_or_else(|| Refusal::required("query"))?;
    let clauses: Vec<(String, &str)> =
        query.splitn(CLAUSES, " AND ").map(clause).collect::<Option<_>>().ok_or_else(|| {
            Refusal::invalid(
                "query",
                "Only clauses such as metadata['field']:'value' and email:'value', with AND between, are understood.",
            )
        })?;
    let is_wanted = |object: &&Value| {
        let has = |(pointer, wanted): &(String, &str)| object.pointer(pointer).map(spelled).as_deref() == Some(*wanted);
        object["deleted"] != true && clauses.iter().all(has)
    };
    let limit = limit(given)?;
    let start: usize = match given.text("/page") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::invalid("page", "This is no page of a search."))?,
    };
    let mut rest = state.all(kind).filter(is_wanted).skip(start);
    let data: Vec<&Value> = rest.by_ref().take(limit).collect();
    let next = rest.next().map(|_| (start + limit).to_string());
    Ok(json!({
        "object": "search_result", "data": data, "has_more": next.is_some(), "next_page": next,
        "url": format!("/v1/{}/search", kind.path()),
    }))
}

/// Where a clause looks, and for what.
fn clause(text: &str) -> Option<(String, &str)> {
    let (field, value) = text.trim().split_once(':')?;
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = quoted('\'').or_else(|| quoted('"'))?;
    let of = |quote: char| field.strip_prefix("metadata[")?.strip_suffix(']')?.strip_prefix(quote)?.strip_suffix(quote);
    match of('\'').or_else(|| of('"')) {
        Some(name) => Some((format!("/metadata/{}", name.replace('~', "~0").replace('/', "~1")), value)),
        None if ["email", "name", "status", "active", "currency", "lookup_key", "product", "customer"]
            .contains(&field) =>
        {
            Some((format!("/{field}"), value))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        let all: Vec<Value> = (0..5).map(|n| json!({ "id": format!("o{n}") })).collect();
        let all: Vec<&Value> = all.iter().collect();
        let asked = |form: Value| page(&all, "thing", "/v1/things", Given(&form));
        let ids = |page: &Value| {
            page["data"].as_array().unwrap().iter().map(|o| o["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = asked(json!({ "limit": "2" })).unwrap();
        assert_eq!(
            (ids(&first), &first["has_more"], &first["url"]),
            (vec!["o0".into(), "o1".into()], &json!(true), &json!("/v1/things"))
        );
        let last = asked(json!({ "limit": "2", "starting_after": "o3" })).unwrap();
        assert_eq!((ids(&last), &last["has_more"]), (vec!["o4".to_owned()], &json!(false)));
        let back = asked(json!({ "limit": "2", "ending_before": "o3" })).unwrap();
        assert_eq!((ids(&back), &back["has_more"]), (vec!["o1".into(), "o2".to_owned()], &json!(true)));
        for form in [
            json!({ "limit": "0" }),
            json!({ "limit": "x" }),
            json!({ "starting_after": "o9" }),
            json!({ "starting_after": "o1", "ending_before": "o2" }),
        ] {
            assert!(asked(form.clone()).is_err(), "{form}");
        }
    }

    #[test]
    fn clauses_are_read() {
        assert_eq!(clause("metadata['a']:'b'"), Some(("/metadata/a".to_owned(), "b")));
        assert_eq!(clause("email:\"a@b.example\""), Some(("/email".to_owned(), "a@b.example")));
        for bad in ["", "email", "email:x", "metadata[a]:'b'", "colour:'red'", "email~'x'"] {
            assert_eq!(clause(bad), None, "{bad}");
        }
    }
}
