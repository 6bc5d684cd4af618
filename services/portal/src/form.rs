//! What somebody has filled in. In: a body as browsers send forms, and which form it is. Out: what the API is asked, and a key by which the
//! same form, sent twice, is known again. Pure. Must not judge what is filled in: the service that takes it does.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use crate::bundle::Form;

/// How browsers send forms.
pub const TYPE: &str = "application/x-www-form-urlencoded";

/// What the API is asked: texts by their names.
pub type Asked = BTreeMap<String, String>;

/// What became of a form that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filled {
    /// It goes on.
    Asked(Asked),
    /// A program filled in what people don't see.
    Trapped,
    /// No page of the portal sends this.
    Unfit,
}

/// Reads a body. What is empty is left out; lines end as they do in JSON of our own scripts.
#[must_use]
pub fn read(form: &Form, body: &[u8]) -> Filled {
    let (mut asked, mut trapped) = (Asked::new(), false);
    for (name, value) in form_urlencoded::parse(body) {
        let value = value.replace("\r\n", "\n");
        let value = value.trim();
        if name == form.trap {
            trapped |= !value.is_empty();
        } else if !form.fields.contains(name.as_ref()) || asked.contains_key(name.as_ref()) {
            return Filled::Unfit;
        } else {
            asked.insert(name.into_owned(), value.to_owned());
        }
    }
    if trapped {
        return Filled::Trapped;
    }
    asked.retain(|_, value| !value.is_empty());
    asked.extend(form.fixed.clone());
    Filled::Asked(asked)
}

/// Makes `Idempotency-Key`s. A page that is the same for everybody, and lies in caches, can't carry one; so the key follows from what is sent.
/// It is keyed itself: what is sent has addresses and names, and a plain digest of those can be guessed.
#[derive(Debug)]
pub struct Keys(SecretBox<[u8; 32]>);

impl Keys {
    /// With the key that all pods share, or a random one.
    #[must_use]
    pub fn new(shared: Option<&SecretString>) -> Self {
        let key = match shared {
            Some(text) => Sha256::digest(text.expose_secret()).into(),
            None => rand::random(),
        };
        Self(SecretBox::new(Box::new(key)))
    }

    /// The key of what `name`'s form asks.
    #[must_use]
    pub fn of(&self, name: &str, asked: &Asked) -> String {
        // A key of any length is one.
        let tag = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok().map(|mut mac| {
            let texts = asked.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
            for text in [name].into_iter().chain(texts) {
                // With its length, so that no two lists of texts are the same bytes.
                mac.update(&text.len().to_be_bytes());
                mac.update(text.as_bytes());
            }
            hex::encode(mac.finalize().into_bytes())
        });
        format!("form-{}", tag.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form() -> Form {
        serde_json::from_value(json!({
            "to": "/api/a", "fields": ["email", "message"], "fixed": { "source": "hero" }, "trap": "url", "thanks": "/thanks",
        }))
        .unwrap()
    }

    fn asked(body: &str) -> Asked {
        match read(&form(), body.as_bytes()) {
            Filled::Asked(asked) => asked,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn what_is_filled_in_becomes_what_is_asked() {
        let all = asked("email=+ann%40example.com&message=a%0D%0Ab&url=");
        assert_eq!(json!(all), json!({ "email": "ann@example.com", "message": "a\nb", "source": "hero" }));
        assert_eq!(json!(asked("email=&message=+")), json!({ "source": "hero" }), "empty fields are left out");
    }

    #[test]
    fn programs_and_strangers_are_told_from_people() {
        assert_eq!(read(&form(), b"email=a&url=http%3A%2F%2Fa"), Filled::Trapped);
        for body in ["who=me", "source=other", "email=a&email=b", "email=&email=b"] {
            assert_eq!(read(&form(), body.as_bytes()), Filled::Unfit, "{body}");
        }
    }

    #[test]
    fn the_same_form_has_the_same_key_and_nobody_can_make_it() {
        let (one, same, other) = (asked("email=a&message=b"), asked("message=b&email=a&url="), asked("email=a"));
        let shared = SecretString::from("a key that all pods have and nobody else".to_owned());
        let (keys, pod, alone) = (Keys::new(Some(&shared)), Keys::new(Some(&shared)), Keys::new(None));
        assert_eq!(keys.of("hero", &one), pod.of("hero", &same));
        for different in [keys.of("hero", &other), keys.of("trial", &one), alone.of("hero", &one)] {
            assert_ne!(different, keys.of("hero", &one));
        }
        assert_eq!(keys.of("hero", &one).len(), 5 + 64);
    }
}
