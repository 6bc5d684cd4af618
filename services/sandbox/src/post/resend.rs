//! Resend's `POST /emails` and `GET /emails/{id}`. In: keys and bodies. Out: mails and errors in Resend's own words.
//! Source of names, statuses and messages: <https://resend.com/docs/api-reference/errors>, read in November 2026. Unlike there, keys are
//! forgotten with the process and not after a day.

use super::mail::{Mail, read};
use super::mailbox::{MOST_MESSAGES, Mailbox};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Longest idempotency key, in characters.
const LONGEST_KEY: usize = 256;

/// An error as Resend answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The status of the answer.
    #[serde(rename = "statusCode")]
    pub status: u16,
    /// Its kind.
    pub name: &'static str,
    /// For people.
    pub message: String,
}

/// An error of this status, name and message.
pub(super) fn refusal(status: u16, name: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status, name, message: message.into() }
}

/// A mail, who sent it, and the key and body it was sent with.
#[derive(Debug)]
struct Sent {
    account: String,
    key: Option<String>,
    body: Value,
    mail: Mail,
}

/// Everything Resend remembers.
#[derive(Debug, Default)]
pub struct Resend {
    sent: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    mails: HashMap<Uuid, Sent>,
    /// By account and idempotency key.
    keys: HashMap<(String, String), Uuid>,
}

impl Resend {
    /// Sends a mail, or answers as before if the key is one that it was sent with. `key` is the API key, whose mails are its own.
    ///
    /// # Errors
    /// Resend's.
    pub fn send(
        &self,
        account: Option<&str>,
        key: Option<&str>,
        body: &[u8],
        mailbox: &Mailbox,
    ) -> Result<Uuid, Refusal> {
        let account = known(account, 401)?;
        if key.is_some_and(|key| !(1..=LONGEST_KEY).contains(&key.chars().count())) {
            return Err(refusal(
                400,
                "invalid_idempotency_key",
                "Idempotency keys, if present, must have between 1 and 256 characters.",
            ));
        }
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| refusal(400, "validation_error", "The body of the request is not valid JSON."))?;
        let mut shelf = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = key.and_then(|key| shelf.under(account, key)) {
            let same = before.body == body;
            let other = "Same idempotency key used with a different request payload.";
            return if same { Ok(before.mail.id) } else { Err(refusal(409, "invalid_idempotent_request", other)) };
        }
        let mail = read(&body)?;
        let id = mail.id;
        for to in mail.receivers() {
            mailbox.put(mail.arrival(to));
        }
        shelf.put(Sent { account: account.to_owned(), key: key.map(str::to_owned), body, mail });
        Ok(id)
    }

    /// A mail that the account sent.
    ///
    /// # Errors
    /// Resend's.
    pub fn find(&self, account: Option<&str>, id: &str) -> Result<Mail, Refusal> {
        let account = known(account, 400)?;
        let id = Uuid::try_parse(id).map_err(|_| refusal(422, "validation_error", "The `id` must be a valid UUID."))?;
        let shelf = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = shelf.mails.get(&id).filter(|sent| sent.account == account);
        sent.map(|sent| sent.mail.clone()).ok_or_else(|| refusal(404, "not_found", "Email not found"))
    }
}

impl Shelf {
    fn under(&self, account: &str, key: &str) -> Option<&Sent> {
        self.mails.get(self.keys.get(&(account.to_owned(), key.to_owned()))?)
    }

    fn put(&mut self, sent: Sent) {
        if self.mails.len() >= MOST_MESSAGES {
            self.mails.clear();
            self.keys.clear();
        }
        if let Some(key) = &sent.key {
            self.keys.insert((sent.account.clone(), key.clone()), sent.mail.id);
        }
        self.mails.insert(sent.mail.id, sent);
    }
}

/// Any key of the right form is one: the stand-in has no accounts to open. Another one is refused with `status`, which differs
/// between sending and everything else.
fn known(account: Option<&str>, status: u16) -> Result<&str, Refusal> {
    let account = account.ok_or_else(|| refusal(401, "missing_api_key", "Missing API Key"))?;
    let valid = account.strip_prefix("re_").is_some_and(|rest| !rest.is_empty());
    if valid { Ok(account) } else { Err(refusal(status, "validation_error", "API key is invalid")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body() -> Value {
        json!({ "from": "Us <us@example.com>", "to": "ann@example.com", "subject": "Hello", "text": "words" })
    }

    fn send(resend: &Resend, mailbox: &Mailbox, key: Option<&str>, body: &Value) -> Result<Uuid, Refusal> {
        resend.send(Some("re_1"), key, body.to_string().as_bytes(), mailbox)
    }

    #[test]
    fn a_key_sends_once_and_holds_for_its_account_and_body() {
        let (resend, mailbox) = (Resend::default(), Mailbox::default());
        let first = send(&resend, &mailbox, Some("k"), &body()).unwrap();
        assert_eq!(send(&resend, &mailbox, Some("k"), &body()), Ok(first));
        assert_eq!(mailbox.of("ann@example.com").len(), 1);
        let mut other = body();
        other["text"] = json!("other words");
        assert_eq!(send(&resend, &mailbox, Some("k"), &other).unwrap_err().name, "invalid_idempotent_request");
        let elsewhere = resend.send(Some("re_2"), Some("k"), body().to_string().as_bytes(), &mailbox).unwrap();
        assert_ne!(elsewhere, first);
        assert_ne!(send(&resend, &mailbox, None, &body()), send(&resend, &mailbox, None, &body()));
        assert_eq!(resend.find(Some("re_1"), &first.to_string()).unwrap().last_event, "delivered");
        assert_eq!(resend.find(Some("re_2"), &first.to_string()).unwrap_err().status, 404);
    }

    #[test]
    fn what_resend_refuses_is_refused_in_its_words() {
        let (resend, mailbox) = (Resend::default(), Mailbox::default());
        let with = |field: &str, value: Value| {
            let mut body = body();
            body[field] = value;
            body
        };
        for (body, status, name) in [
            (with("from", Value::Null), 422, "missing_required_field"),
            (with("to", Value::Null), 422, "missing_required_field"),
            (with("subject", Value::Null), 422, "missing_required_field"),
            (with("text", Value::Null), 422, "missing_required_field"),
            (with("to", json!([])), 422, "validation_error"),
            (with("to", json!(vec!["a@b.example"; 51])), 422, "validation_error"),
            (with("to", json!(["nobody"])), 422, "validation_error"),
            (with("from", json!("a b@c.example")), 422, "validation_error"),
            (with("subject", json!(7)), 422, "validation_error"),
        ] {
            let refusal = send(&resend, &mailbox, None, &body).unwrap_err();
            assert_eq!((refusal.status, refusal.name), (status, name), "{body} {refusal:?}");
        }
        let text = body().to_string();
        for (account, key, text, status, name) in [
            (None, None, text.as_str(), 401, "missing_api_key"),
            (Some("sk_1"), None, &text, 401, "validation_error"),
            (Some("re_1"), Some(""), &text, 400, "invalid_idempotency_key"),
            (Some("re_1"), None, "{", 400, "validation_error"),
        ] {
            let refusal = resend.send(account, key, text.as_bytes(), &mailbox).unwrap_err();
            assert_eq!((refusal.status, refusal.name), (status, name));
        }
        assert!(mailbox.of("ann@example.com").is_empty());
    }

    #[test]
    fn addresses_for_trying_out_have_their_ends() {
        let (resend, mailbox) = (Resend::default(), Mailbox::default());
        for (to, event) in [("bounced@resend.dev", "bounced"), ("x <complained@resend.dev>", "complained")] {
            let mut body = body();
            body["to"] = json!([to]);
            let id = send(&resend, &mailbox, None, &body).unwrap();
            assert_eq!(resend.find(Some("re_1"), &id.to_string()).unwrap().last_event, event);
        }
    }
}
