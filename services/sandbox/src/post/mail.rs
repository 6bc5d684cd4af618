//! A mail as Resend reads and shows it. In: a body. Out: a mail, or why there is none. Must not remember anything.

use super::mailbox::{Channel, Message};
use super::resend::{Refusal, refusal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Most receivers of a mail.
const MOST_RECEIVERS: usize = 50;

/// One address or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Addresses {
    One(String),
    Many(Vec<String>),
}

impl Addresses {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(address) => vec![address],
            Self::Many(addresses) => addresses,
        }
    }
}

/// What is read of a mail; Resend takes more, which makes no difference here.
#[derive(Debug, Deserialize)]
struct Wish {
    from: Option<String>,
    to: Option<Addresses>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
}

/// A mail as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    object: &'static str,
    /// Its identifier.
    pub id: Uuid,
    to: Vec<String>,
    from: String,
    created_at: Timestamp,
    subject: String,
    html: Option<String>,
    text: Option<String>,
    bcc: Vec<String>,
    cc: Vec<String>,
    reply_to: Vec<String>,
    /// What became of it.
    pub last_event: &'static str,
}

/// Reads a mail.
///
/// # Errors
/// Resend's.
pub(super) fn read(body: &Value) -> Result<Mail, Refusal> {
    let wish = Wish::deserialize(body).map_err(|error| refusal(422, "validation_error", error.to_string()))?;
    let missing = |field: &str| refusal(422, "missing_required_field", format!("Missing `{field}` field."));
    let from = wish.from.ok_or_else(|| missing("from"))?;
    let to = wish.to.ok_or_else(|| missing("to"))?.list();
    let subject = wish.subject.ok_or_else(|| missing("subject"))?;
    if wish.text.is_none() && wish.html.is_none() {
        return Err(missing("html` or `text"));
    }
    if to.is_empty() || to.len() > MOST_RECEIVERS {
        return Err(refusal(422, "validation_error", format!("The `to` field takes 1 to {MOST_RECEIVERS} addresses.")));
    }
    for (field, address) in to.iter().map(|to| ("to", to)).chain([("from", &from)]) {
        if !is_address(address) {
            let form =
                "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
            return Err(refusal(422, "validation_error", format!("Invalid `{field}` field. {form}")));
        }
    }
    let last_event = event(&to);
    Ok(Mail {
        object: "email",
        id: Uuid::new_v4(),
        to,
        from,
        created_at: Timestamp::now(),
        subject,
        html: wish.html,
        text: wish.text,
        bcc: Vec::new(),
        cc: Vec::new(),
        reply_to: Vec::new(),
        last_event,
    })
}

/// The address in `Name <address>`, or the whole.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(address)
}

fn is_address(text: &str) -> bool {
    let address = bare(text);
    address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@') && !address.contains(char::is_whitespace)
    })
}

/// Resend's addresses for trying out what becomes of a mail.
fn event(to: &[String]) -> &'static str {
    let sent_to = |address: &str| to.iter().any(|to| bare(to).eq_ignore_ascii_case(address));
    if sent_to("bounced@resend.dev") {
        "bounced"
    } else if sent_to("complained@resend.dev") {
        "complained"
    } else {
        "delivered"
    }
}

impl Mail {
    /// What it was sent to.
    pub(super) fn receivers(&self) -> &[String] {
        &self.to
    }

    /// The mail as it comes to one of its receivers.
    pub(super) fn arrival(&self, to: &str) -> Message {
        Message {
            id: self.id.to_string(),
            channel: Channel::Email,
            to: bare(to).to_owned(),
            from: self.from.clone(),
            subject: Some(self.subject.clone()),
            text: self.text.clone().or_else(|| self.html.clone()).unwrap_or_default(),
            at: self.created_at,
        }
    }
}
