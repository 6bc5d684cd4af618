//! Which logins are in use, with which passwords. Pure: time and randomness come in. In: the Secrets
//! of earlier passes. Out: the logins of this pass, and when they are due to change.
//!
//! Two logins alternate. A rotation gives the other one a password and then publishes it; the old
//! login works until the next rotation, so nobody who is slow to notice loses a connection.

use crate::postgres::plan::Login;
use crate::postgres::scram;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use rerp_crds::names::{RoleNames, Slot};
use std::time::Duration;

/// Annotation on binding Secrets: when their password was made, RFC 3339.
pub const ROTATED_AT: &str = "rerp.dev/rotated-at";

/// New passwords and salts, in case they are needed.
pub struct Fresh {
    /// For the superuser of an embedded server.
    pub admin: String,
    /// For the app login.
    pub app: String,
    /// For the migrate login.
    pub migrate: String,
    /// For the verifier of the app login.
    pub app_salt: [u8; scram::SALT],
    /// For the verifier of the migrate login.
    pub migrate_salt: [u8; scram::SALT],
}

/// What is known of earlier passes.
pub struct Known<'a> {
    /// Secret with the app login.
    pub binding: Option<&'a Secret>,
    /// Secret with the migrate login.
    pub binding_migrate: Option<&'a Secret>,
    /// Slot in the status, which outlives Secrets.
    pub last_slot: Option<Slot>,
}

/// The logins in use.
#[derive(Clone)]
pub struct Credentials {
    /// Which login of each pair.
    pub slot: Slot,
    /// Password of the app login.
    pub app: String,
    /// Password of the migrate login.
    pub migrate: String,
    /// When these passwords were made.
    pub rotated_at: Timestamp,
    /// When the next ones are due; none for "never".
    pub due: Option<Timestamp>,
    app_salt: [u8; scram::SALT],
    migrate_salt: [u8; scram::SALT],
}

impl Credentials {
    /// The logins as a plan wants them.
    pub fn logins(&self, roles: &RoleNames) -> Vec<Login> {
        vec![
            Login { role: roles.app_login(self.slot), password: self.app.clone(), salt: self.app_salt },
            Login { role: roles.migrate_login(self.slot), password: self.migrate.clone(), salt: self.migrate_salt },
        ]
    }
}

/// Keeps the present logins, or moves to the other ones if they are due or their Secret is gone.
pub fn decide(
    known: &Known<'_>,
    roles: &RoleNames,
    every: Option<Duration>,
    now: Timestamp,
    fresh: Fresh,
) -> Credentials {
    let present = known.binding.and_then(|secret| present(secret, |slot| roles.app_login(slot)));
    let (slot, app, rotated_at) = match present {
        Some((slot, password, at)) if !is_due(at, every, now) => (slot, password, at),
        Some((slot, _, _)) => (slot.other(), fresh.app, whole_seconds(now)),
        // The Secret is gone: pods may still use the last login, so it is left alone.
        None => (known.last_slot.map(Slot::other).unwrap_or_default(), fresh.app, whole_seconds(now)),
    };
    let migrate = known
        .binding_migrate
        .and_then(|secret| self::present(secret, |slot| roles.migrate_login(slot)))
        .filter(|(known, _, _)| *known == slot)
        .map_or(fresh.migrate, |(_, password, _)| password);
    let due = every.and_then(|every| after(rotated_at, every));
    let Fresh { app_salt, migrate_salt, .. } = fresh;
    Credentials { slot, app, migrate, rotated_at, due, app_salt, migrate_salt }
}

/// Slot, password and time of a Secret of ours; none if any of them can't be read.
fn present(secret: &Secret, login: impl Fn(Slot) -> String) -> Option<(Slot, String, Timestamp)> {
    let username = key(secret, "username")?;
    let slot = [Slot::A, Slot::B].into_iter().find(|slot| login(*slot) == username)?;
    let at = secret.metadata.annotations.as_ref()?.get(ROTATED_AT)?.parse().ok()?;
    Some((slot, key(secret, "password")?, at))
}

/// A key of a Secret as text; none if it is absent, empty or not UTF-8.
pub fn key(secret: &Secret, key: &str) -> Option<String> {
    let bytes = &secret.data.as_ref()?.get(key)?.0;
    String::from_utf8(bytes.clone()).ok().filter(|text| !text.is_empty())
}

fn is_due(at: Timestamp, every: Option<Duration>, now: Timestamp) -> bool {
    every.and_then(|every| after(at, every)).is_some_and(|due| due <= now)
}

fn after(at: Timestamp, every: Duration) -> Option<Timestamp> {
    at.checked_add(SignedDuration::try_from(every).ok()?).ok()
}

/// The annotation and the status keep whole seconds.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
