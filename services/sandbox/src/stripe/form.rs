//! Forms as Stripe reads them. In: `items[0][price]=price_1`. Out: the document they stand for, its leaves texts.

use serde_json::{Map, Value};
use url::form_urlencoded;

/// Deepest nesting that is followed.
const DEEPEST: usize = 8;

/// The document of a form. A name that can't be followed is left as it is, and is an unknown parameter then.
#[must_use]
pub(super) fn document(form: &[u8]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in form_urlencoded::parse(form) {
        let steps = steps(&name);
        put(&mut root, &steps, &value);
    }
    root
}

fn steps(name: &str) -> Vec<String> {
    let Some((first, rest)) = name.split_once('[') else { return vec![name.to_owned()] };
    let inner = rest.strip_suffix(']').map(|rest| rest.split("][").map(str::to_owned).collect::<Vec<_>>());
    match inner {
        Some(inner) if inner.len() < DEEPEST => [vec![first.to_owned()], inner].concat(),
        _ => vec![name.to_owned()],
    }
}

fn put(at: &mut Value, steps: &[String], value: &str) {
    let Some((step, rest)) = steps.split_first() else {
        *at = Value::String(value.to_owned());
        return;
    };
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    if let Value::Object(map) = at {
        // `expand[]=a&expand[]=b`: each gets the next number.
        let step = if step.is_empty() { map.len().to_string() } else { step.clone() };
        put(map.entry(step).or_insert(Value::Null), rest, value);
    }
}

/// What a document says, read by path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a>(pub(super) &'a Value);

impl<'a> Given<'a> {
    /// A text, if it is given and not empty: an empty one unsets.
    #[must_use]
    pub(super) fn text(self, pointer: &str) -> Option<&'a str> {
        self.0.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// A number.
    #[must_use]
    pub(super) fn number(self, pointer: &str) -> Option<i64> {
        self.text(pointer)?.parse().ok()
    }

    /// A yes or no.
    #[must_use]
    pub(super) fn flag(self, pointer: &str) -> Option<bool> {
        self.text(pointer)?.parse().ok()
    }

    /// All texts of a list, or the one text there is.
    #[must_use]
    pub(super) fn list(self, pointer: &str) -> Vec<&'a str> {
        match self.0.pointer(pointer) {
            Some(Value::Object(all)) => all.values().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) if !text.is_empty() => vec![text],
            _ => Vec::new(),
        }
    }

    /// The names of everything that is given.
    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        self.0.as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Changes metadata by what is given of it: an empty text takes a field away, and all of it where it stands for all.
    pub(super) fn change_metadata(self, metadata: &mut Value) {
        match self.0.get("metadata") {
            Some(Value::Object(changes)) => {
                for (name, value) in changes {
                    if value == "" {
                        if let Some(fields) = metadata.as_object_mut() {
                            fields.remove(name);
                        }
                    } else {
                        metadata[name] = value.clone();
                    }
                }
            }
            Some(_) => *metadata = Value::Object(Map::new()),
            None => {}
        }
    }

    /// The metadata; an empty document if there is none.
    #[must_use]
    pub(super) fn metadata(self) -> Value {
        self.0.get("metadata").filter(|value| value.is_object()).cloned().unwrap_or_else(|| Value::Object(Map::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_nest() {
        let form = b"customer=cus_1&items%5B0%5D%5Bprice%5D=price_1&metadata[a]=b+c&expand[]=x&expand[]=y&a[b=1";
        assert_eq!(
            document(form),
            json!({ "customer": "cus_1", "items": { "0": { "price": "price_1" } }, "metadata": { "a": "b c" },
                "expand": { "0": "x", "1": "y" }, "a[b": "1" })
        );
        let given = json!({ "n": "14", "f": "true", "e": "", "m": { "x": "y" } });
        let given = Given(&given);
        assert_eq!(
            (given.number("/n"), given.flag("/f"), given.text("/e"), given.text("/m/x")),
            (Some(14), Some(true), None, Some("y"))
        );
        assert_eq!(given.metadata(), json!({}));
        let given = json!({ "e": { "0": "x", "1": "y" }, "metadata": { "a": "", "b": "2" } });
        assert_eq!((Given(&given).list("/e"), Given(&given).list("/z")), (vec!["x", "y"], vec![]));
        assert_eq!(Given(&given).names().collect::<Vec<_>>(), ["e", "metadata"]);
        let mut metadata = json!({ "a": "1", "c": "3" });
        Given(&given).change_metadata(&mut metadata);
        assert_eq!(metadata, json!({ "b": "2", "c": "3" }));
        Given(&json!({ "metadata": "" })).change_metadata(&mut metadata);
        assert_eq!(metadata, json!({}));
    }
}
