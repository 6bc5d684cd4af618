//! Bodies as GoTrue reads them: unknown fields are ignored, null is absent, a wrong type is an error.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A body.
#[derive(Debug, Default)]
pub(super) struct Params(Map<String, Value>);

impl Params {
    /// Reads one.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let unreadable =
            |why: String| Refusal::new(400, "bad_json", format!("Could not parse request body as JSON: {why}"));
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(Value::Null) => Ok(Self::default()),
            Ok(_) => Err(unreadable("an object is expected".to_owned())),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }

    fn typed<'a, T>(&'a self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<Option<T>, Refusal> {
        match self.0.get(name).filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| {
                Refusal::new(400, "bad_json", format!("Could not parse request body as JSON: {name} has another type"))
            }),
        }
    }

    /// A text, empty when absent.
    pub(super) fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.given(name).map(Option::unwrap_or_default)
    }

    /// A text, if it is given.
    pub(super) fn given(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.typed(name, Value::as_str)
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        Ok(self.typed(name, Value::as_bool)?.unwrap_or(default))
    }

    /// An object, if it is given.
    pub(super) fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, Refusal> {
        self.typed(name, Value::as_object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_absent_and_a_wrong_type_is_not() {
        let params = Params::read(br#"{"a": null, "b": "x", "c": true, "d": {"e": 1}, "f": 7}"#).unwrap();
        assert_eq!((params.text("a"), params.text("b"), params.given("a")), (Ok(""), Ok("x"), Ok(None)));
        assert_eq!((params.flag("c", false), params.flag("z", true)), (Ok(true), Ok(true)));
        assert_eq!(params.object("d").unwrap().unwrap()["e"], 1);
        assert!(params.text("f").is_err() && params.object("b").is_err() && params.flag("b", true).is_err());
        assert!(Params::read(b"[]").is_err() && Params::read(b"").is_err() && Params::read(b"null").is_ok());
    }
}
