//! Somebody who has an account: contacts, what proves them, second factors. Data, and how it is shown.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::contact::Contact;
use super::secret::Password;

/// A small document that an application keeps with a user.
pub(super) type Metadata = Map<String, Value>;

/// What a code is for. A user has one code for each at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// The first proof of a contact.
    Confirmation,
    /// A way in without a password.
    Recovery,
    /// A change of address, at the present one.
    EmailChangeCurrent,
    /// A change of address, at the new one.
    EmailChangeNew,
    /// A change of number.
    PhoneChange,
}

/// A code as it is kept.
#[derive(Debug, Clone)]
pub(super) struct OneTime {
    /// None once it was used.
    pub hash: Option<String>,
    /// When it was sent; stays when it was used.
    pub sent_at: Timestamp,
}

/// A way to sign in.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub id: Uuid,
    pub provider: &'static str,
    pub data: Metadata,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A second factor: a program that shows codes.
#[derive(Debug, Clone)]
pub(super) struct Factor {
    pub id: Uuid,
    pub name: String,
    pub secret: [u8; 20],
    pub is_verified: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub challenged_at: Option<Timestamp>,
}

/// See the file's header.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub id: Uuid,
    pub audience: String,
    pub role: String,
    pub email: String,
    pub phone: String,
    pub password: Option<Password>,
    pub email_confirmed_at: Option<Timestamp>,
    pub phone_confirmed_at: Option<Timestamp>,
    pub one_time: BTreeMap<Purpose, OneTime>,
    pub new_email: String,
    pub new_phone: String,
    /// One of the two addresses has confirmed the change.
    pub is_half_changed: bool,
    pub last_sign_in_at: Option<Timestamp>,
    pub app_metadata: Metadata,
    pub user_metadata: Metadata,
    pub factors: Vec<Factor>,
    pub identities: Vec<Identity>,
    pub is_anonymous: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub banned_until: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
}

impl User {
    /// Somebody of whom nothing is known yet.
    pub(super) fn new(id: Uuid, audience: &str, now: Timestamp) -> Self {
        Self {
            id,
            audience: audience.to_owned(),
            role: "authenticated".to_owned(),
            email: String::new(),
            phone: String::new(),
            password: None,
            email_confirmed_at: None,
            phone_confirmed_at: None,
            one_time: BTreeMap::new(),
            new_email: String::new(),
            new_phone: String::new(),
            is_half_changed: false,
            last_sign_in_at: None,
            app_metadata: Metadata::new(),
            user_metadata: Metadata::new(),
            factors: Vec::new(),
            identities: Vec::new(),
            is_anonymous: false,
            created_at: now,
            updated_at: now,
            banned_until: None,
            deleted_at: None,
        }
    }

    /// Takes a contact for theirs. Whether it is, a code proves.
    pub(super) fn reach(&mut self, contact: &Contact) {
        match contact {
            Contact::Email(address) => self.email.clone_from(address),
            Contact::Phone(number) => self.phone.clone_from(number),
        }
    }

    /// Whether a contact of this kind is proved.
    pub(super) fn is_confirmed(&self, contact: &Contact) -> bool {
        match contact {
            Contact::Email(_) => self.email_confirmed_at.is_some(),
            Contact::Phone(_) => self.phone_confirmed_at.is_some(),
        }
    }

    /// The contact is proved.
    pub(super) fn confirm(&mut self, provider: &str, now: Timestamp) {
        self.forget_codes();
        if provider == "phone" {
            self.phone_confirmed_at = Some(now);
        } else {
            self.email_confirmed_at = Some(now);
            self.user_metadata.insert("email_verified".to_owned(), json!(true));
        }
        self.is_anonymous = false;
        self.link(provider, &Metadata::new(), true, now);
    }

    /// Makes a contact a way to sign in, or brings what is known of it up to date.
    pub(super) fn link(&mut self, provider: &str, more: &Metadata, is_proved: bool, now: Timestamp) {
        let (provider, contact): (&'static str, Value) =
            if provider == "phone" { ("phone", json!(self.phone)) } else { ("email", json!(self.email)) };
        let at = match self.identities.iter().position(|identity| identity.provider == provider) {
            Some(at) => at,
            None => {
                self.identities.push(Identity::new(self.id, provider, more, now));
                self.identities.len() - 1
            }
        };
        let Some(Identity { data, updated_at, .. }) = self.identities.get_mut(at) else { return };
        *updated_at = now;
        data.insert(provider.to_owned(), contact);
        if is_proved {
            data.insert(format!("{provider}_verified"), json!(true));
        }
        let providers: Vec<&str> = self.identities.iter().map(|identity| identity.provider).collect();
        self.app_metadata.insert("provider".to_owned(), json!(providers.first()));
        self.app_metadata.insert("providers".to_owned(), json!(providers));
    }

    /// Codes that are out are good no more.
    pub(super) fn forget_codes(&mut self) {
        self.one_time.values_mut().for_each(|code| code.hash = None);
    }

    /// Whether this is the code that was sent for a purpose less than `life` seconds ago. One that a link was sent with counts as well.
    pub(super) fn holds(&self, purpose: Purpose, hash: &str, life: u32, now: Timestamp) -> bool {
        self.one_time.get(&purpose).is_some_and(|code| {
            let kept = code.hash.as_deref();
            let is_this =
                kept == Some(hash) || kept.and_then(|kept| kept.strip_prefix(super::pkce::PREFIX)) == Some(hash);
            is_this && !is_over(code.sent_at, life, now)
        })
    }

    /// When a code was last sent for a purpose.
    pub(super) fn sent_at(&self, purpose: Purpose) -> Option<Timestamp> {
        self.one_time.get(&purpose).map(|code| code.sent_at)
    }

    /// Whether somebody has shut them out.
    pub(super) fn is_banned(&self, now: Timestamp) -> bool {
        self.banned_until.is_some_and(|until| now < until)
    }

    /// Whether a second factor is asked for.
    pub(super) fn has_factor(&self) -> bool {
        self.factors.iter().any(|factor| factor.is_verified)
    }

    /// As it is shown.
    pub(super) fn document(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "aud": self.audience, "role": self.role, "email": self.email, "phone": self.phone,
            "app_metadata": self.app_metadata, "user_metadata": self.user_metadata,
            "identities": self.identities.iter().map(|identity| identity.document(self.id)).collect::<Vec<_>>(),
            "created_at": self.created_at, "updated_at": self.updated_at, "is_anonymous": self.is_anonymous,
        });
        let change = self.sent_at(Purpose::EmailChangeNew);
        for (name, at) in [
            ("email_confirmed_at", self.email_confirmed_at),
            ("phone_confirmed_at", self.phone_confirmed_at),
            ("confirmed_at", self.email_confirmed_at.into_iter().chain(self.phone_confirmed_at).min()),
            ("confirmation_sent_at", self.sent_at(Purpose::Confirmation)),
            ("recovery_sent_at", self.sent_at(Purpose::Recovery)),
            ("email_change_sent_at", change),
            ("phone_change_sent_at", self.sent_at(Purpose::PhoneChange)),
            ("last_sign_in_at", self.last_sign_in_at),
            ("banned_until", self.banned_until),
            ("deleted_at", self.deleted_at),
        ] {
            if let Some(at) = at {
                shown[name] = json!(at);
            }
        }
        for (name, text) in [("new_email", &self.new_email), ("new_phone", &self.new_phone)] {
            if !text.is_empty() {
                shown[name] = json!(text);
            }
        }
        if !self.factors.is_empty() {
            shown["factors"] = self.factors.iter().map(Factor::document).collect();
        }
        shown
    }
}

impl Identity {
    fn new(user: Uuid, provider: &'static str, more: &Metadata, now: Timestamp) -> Self {
        let mut data = more.clone();
        data.insert("sub".to_owned(), json!(user));
        data.insert("email_verified".to_owned(), json!(false));
        data.insert("phone_verified".to_owned(), json!(false));
        Self { id: Uuid::new_v4(), provider, data, created_at: now, updated_at: now }
    }

    fn document(&self, user: Uuid) -> Value {
        let mut shown = json!({
            "identity_id": self.id, "id": user, "user_id": user, "identity_data": self.data, "provider": self.provider,
            "last_sign_in_at": self.updated_at, "created_at": self.created_at, "updated_at": self.updated_at,
        });
        if let Some(email) = self.data.get("email") {
            shown["email"] = email.clone();
        }
        shown
    }
}

impl Factor {
    /// As it is shown.
    pub(super) fn document(&self) -> Value {
        let mut shown = json!({
            "id": self.id, "created_at": self.created_at, "updated_at": self.updated_at, "factor_type": "totp",
            "status": if self.is_verified { "verified" } else { "unverified" }, "phone": "",
            "last_challenged_at": self.challenged_at,
        });
        if !self.name.is_empty() {
            shown["friendly_name"] = json!(self.name);
        }
        shown
    }
}

/// Changes metadata field by field; null takes one away.
pub(super) fn merge(into: &mut Metadata, changes: &Metadata) {
    for (name, value) in changes {
        if value.is_null() {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

/// Whether so many seconds have passed.
pub(super) fn is_over(from: Timestamp, seconds: u32, now: Timestamp) -> bool {
    now.duration_since(from) > SignedDuration::from_secs(i64::from(seconds))
}
