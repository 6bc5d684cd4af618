//! Messages that carry a code or a link. In: to whom, and what for. Out: a letter, which somebody carries; its code is good once they say so.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::call::Call;
use super::limits::Carrier;
use super::pkce::PREFIX;
use super::refusal::Refusal;
use super::secret::{code, token_hash};
use super::state::State;
use super::user::{OneTime, Purpose, User};

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who wants it.
    user: Uuid,
    /// What is kept of its codes.
    hashes: Vec<(Purpose, String)>,
    /// The contact that it proves, if that isn't theirs yet.
    change: Option<String>,
    /// What is carried.
    pub content: Content,
}

/// What is carried.
#[derive(Debug, Clone)]
pub enum Content {
    /// A mail, or two: a change of address is told to both. A hook is asked once for all.
    Mail {
        /// Where each goes.
        envelopes: Vec<Envelope>,
        /// What a hook is told.
        asked: Value,
    },
    /// A text.
    Text {
        /// Where it goes.
        envelope: Envelope,
        /// What a hook is told.
        asked: Value,
    },
}

/// A message as people get it.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Its identifier.
    pub id: String,
    /// An address, or a number with `+`.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// Its words.
    pub text: String,
}

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The first proof of an address.
    Signup,
    /// A new password.
    Recovery,
    /// A way in without one.
    MagicLink,
    /// Another address.
    EmailChange,
}

impl Action {
    /// In links, and for hooks.
    fn name(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::Recovery => "recovery",
            Self::MagicLink => "magiclink",
            Self::EmailChange => "email_change",
        }
    }

    /// How GoTrue calls it where a link leads to a code for a session.
    pub(super) fn method(self) -> &'static str {
        if self == Self::Signup { "email/signup" } else { self.name() }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Signup => Purpose::Confirmation,
            Self::Recovery | Self::MagicLink => Purpose::Recovery,
            Self::EmailChange => Purpose::EmailChangeNew,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Signup => ("Confirm your email address", "Follow the link to confirm this address"),
            Self::Recovery => ("Reset your password", "Follow the link to choose a new password"),
            Self::MagicLink => ("Your sign-in link", "Follow the link to sign in"),
            Self::EmailChange => ("Confirm your new email address", "Follow the link to confirm the new address"),
        }
    }
}

/// A mail to be written.
#[derive(Debug)]
pub(super) struct Mail<'a> {
    pub user: Uuid,
    pub action: Action,
    /// The new address, where it is about one.
    pub change: Option<String>,
    /// It was asked for with a challenge.
    pub is_pkce: bool,
    /// What asked for it.
    pub call: &'a Call<'a>,
}

impl Mail<'_> {
    /// Writes it, unless there were too many.
    pub(super) fn write(self, state: &mut State, now: Timestamp) -> Result<Letter, Refusal> {
        let user = state.user(self.user)?;
        let purpose = self.action.purpose();
        seldom(state, user.sent_at(purpose), "over_email_send_rate_limit", now)?;
        let prefix = if self.is_pkce { PREFIX } else { "" };
        let sealed = |to: &str, code: &str| format!("{prefix}{}", token_hash(to, code));
        let to = self.change.clone().unwrap_or_else(|| user.email.clone());
        let redirect = redirect(state, self.call);
        let mut codes = vec![(purpose, to, code()?)];
        let is_both = self.change.is_some() && state.settings.secure_email_change && !user.email.is_empty();
        if is_both {
            codes.push((Purpose::EmailChangeCurrent, user.email.clone(), code()?));
        }
        let hashes: Vec<(Purpose, String)> =
            codes.iter().map(|(purpose, to, code)| (*purpose, sealed(to, code))).collect();
        let envelopes = codes.iter().zip(&hashes).map(|((_, to, code), (_, hash))| {
            let link = link(&state.settings.issuer, hash, self.action.name(), &redirect);
            envelope(to, self.action, &link, code)
        });
        let envelopes = envelopes.collect();
        let asked = json!({
            "user": shown(user, self.change.as_deref()),
            "email_data": email_data(&self, &codes, &hashes, &redirect, &state.settings.site_url),
        });
        if !state.settings.mailer_autoconfirm {
            state.limits.send(Carrier::Mail, &state.settings.rate_limits, now)?;
        }
        Ok(Letter { user: self.user, hashes, change: self.change, content: Content::Mail { envelopes, asked } })
    }
}

/// The user as a hook sees them: the new address is theirs to be.
fn shown(user: &User, change: Option<&str>) -> Value {
    let mut shown = user.document();
    if let Some(change) = change {
        shown["new_email"] = json!(change);
    }
    shown
}

/// What a hook is told of a mail. With two addresses the hashes are the wrong way round, as they are at GoTrue: `token_hash` is the one of `token_new`.
fn email_data(
    mail: &Mail<'_>,
    codes: &[(Purpose, String, String)],
    hashes: &[(Purpose, String)],
    redirect: &str,
    site: &str,
) -> Value {
    let code = |at: usize| codes.get(at).map(|(_, _, code)| code.as_str()).unwrap_or_default();
    let hash = |at: usize| hashes.get(at).map(|(_, hash)| hash.as_str()).unwrap_or_default();
    let (token, token_new) = if codes.len() > 1 { (code(1), code(0)) } else { (code(0), "") };
    json!({
        "token": token, "token_hash": hash(0), "token_new": token_new, "token_hash_new": hash(1),
        "redirect_to": redirect, "email_action_type": mail.action.name(), "site_url": site,
        "old_email": "", "old_phone": "", "provider": "", "factor_type": "",
    })
}

fn envelope(to: &str, action: Action, link: &str, code: &str) -> Envelope {
    let (subject, words) = action.words();
    let text = format!("{words}:\n{link}\n\nOr enter the code {code}.");
    Envelope { id: Uuid::new_v4().to_string(), to: to.to_owned(), subject: subject.to_owned(), text }
}

fn link(issuer: &str, hash: &str, kind: &str, redirect: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", hash).append_pair("type", kind).append_pair("redirect_to", redirect);
    format!("{}/verify?{}", issuer.trim_end_matches('/'), query.finish())
}

/// A text to be written, for a number without `+`.
pub(super) fn text(
    state: &mut State,
    user: Uuid,
    number: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Letter, Refusal> {
    let them = state.user(user)?;
    seldom(state, them.sent_at(purpose), "over_sms_send_rate_limit", now)?;
    let (code, change) = (code()?, (purpose == Purpose::PhoneChange).then(|| number.to_owned()));
    let mut seen = them.document();
    if change.is_some() {
        seen["new_phone"] = json!(number);
    }
    let asked = json!({ "user": seen, "sms": { "otp": code, "phone": number } });
    if !state.settings.sms_autoconfirm {
        state.limits.send(Carrier::Text, &state.settings.rate_limits, now)?;
    }
    let envelope = Envelope {
        id: format!("SM{}", Uuid::new_v4().simple()),
        to: format!("+{number}"),
        subject: String::new(),
        text: format!("Your code is {code}"),
    };
    let hashes = vec![(purpose, token_hash(number, &code))];
    Ok(Letter { user, hashes, change, content: Content::Text { envelope, asked } })
}

impl Letter {
    /// It was carried: its codes are good from now on.
    pub(super) fn arrived(self, state: &mut State, now: Timestamp) -> Result<(), Refusal> {
        let user = state.user_mut(self.user, now)?;
        for (purpose, hash) in self.hashes {
            user.one_time.insert(purpose, OneTime { hash: Some(hash), sent_at: now });
        }
        match (self.change, self.content) {
            (Some(address), Content::Mail { .. }) => (user.new_email, user.is_half_changed) = (address, false),
            (Some(number), Content::Text { .. }) => user.new_phone = number,
            (None, _) => {}
        }
        Ok(())
    }
}

/// Whether the last message was long enough ago.
fn seldom(state: &State, sent_at: Option<Timestamp>, code: &'static str, now: Timestamp) -> Result<(), Refusal> {
    let Some(sent_at) = sent_at else { return Ok(()) };
    let pause = SignedDuration::from_secs(i64::from(state.settings.max_frequency));
    let left = pause.saturating_sub(now.duration_since(sent_at));
    if left > SignedDuration::ZERO {
        let message = format!("For security purposes, you can only request this after {} seconds.", left.as_secs());
        return Err(Refusal::new(429, code, message));
    }
    Ok(())
}

/// Where a link leads in the end: where the caller wishes, if that is allowed.
pub(super) fn redirect(state: &State, call: &Call<'_>) -> String {
    let wish = call.asked("redirect_to").filter(|wish| may_lead(state, wish));
    wish.unwrap_or_else(|| state.settings.site_url.clone())
}

fn may_lead(state: &State, wish: &str) -> bool {
    let (Ok(site), Ok(to)) = (Url::parse(&state.settings.site_url), Url::parse(wish)) else { return false };
    let is_loopback = matches!(to.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_home = to.scheme() == site.scheme() && to.host_str() == site.host_str();
    let is_port = is_loopback || to.port_or_known_default() == site.port_or_known_default();
    let is_number = matches!(to.host_str(), Some("127.0.0.1" | "[::1]"));
    (is_home && is_port)
        || is_number
        || state.settings.uri_allow_list.iter().any(|allowed| match allowed.strip_suffix('*') {
            Some(beginning) => wish.starts_with(beginning),
            None => wish == allowed,
        })
}
