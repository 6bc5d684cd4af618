//! The rows themselves. In: counts, seed, position. Out: one row. Pure: any row can be made alone, and rows that refer to
//! each other agree (a person is verified exactly when its address and its number are).
//!
//! Long because it is a list: one kind of row after the other.

use super::plan::Counts;
use crate::generate::rng::{Rng, base36};
use crate::generate::{address, people};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Makes rows.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// Seed of the data set.
    pub seed: u64,
    /// Sizes of its tables.
    pub counts: Counts,
}

/// When something was created, and when it last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Creation.
    pub created: Timestamp,
    /// Last change.
    pub updated: Timestamp,
}

/// Whether, when and how an address or a number was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Done.
    pub verified: bool,
    /// Digest of the secret that is still out: a pending verification only.
    pub secret: Option<String>,
    /// When the last message went out.
    pub sent_at: Option<Timestamp>,
    /// When it was done.
    pub verified_at: Option<Timestamp>,
}

/// A row of `email_addresses`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the columns' names
pub struct Email {
    pub id: Uuid,
    pub email: String,
    pub state: Verification,
    pub times: Times,
}

/// A row of `human_names`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Name {
    pub id: Uuid,
    pub email_address_id: Uuid,
    pub first_name: Option<String>,
    pub surname: Option<String>,
    pub username: Option<String>,
    pub times: Times,
}

/// A row of `mobile_numbers`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Phone {
    pub id: Uuid,
    pub human_name_id: Uuid,
    pub phone_number: String,
    pub country_code: String,
    pub state: Verification,
    pub times: Times,
}

/// Of so many people nobody was told of one when both contacts were proved, for Identity to make up for. Everybody else is old news, as on a platform that has had
/// its bus for years. Were all of them announced only now, at Identity's pace, services would hear of people for as long as they are measured, and no moment
/// would come at which everybody is known everywhere who was announced.
const UNTOLD: u64 = 50;

/// A row of `verification_tracking`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tracking {
    pub id: Uuid,
    pub human_name_id: Uuid,
    pub email_verified_at: Option<Timestamp>,
    pub phone_verified_at: Option<Timestamp>,
    pub announced_at: Option<Timestamp>,
    pub times: Times,
}

/// A row of `platform_users`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PlatformUser {
    pub id: Uuid,
    pub email: String,
    pub phone: Option<String>,
    pub first_name: String,
    pub surname: String,
    pub username: Option<String>,
    pub is_active: bool,
    pub times: Times,
}

/// A row of `admins`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Admin {
    pub id: Uuid,
    pub platform_user_id: Uuid,
    pub account_id: Option<Uuid>,
    pub times: Times,
}

/// A row of `email_captures`, or, with a message, of `contact_messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Lead {
    pub id: Uuid,
    pub email_address_id: Uuid,
    pub company_id: Option<Uuid>,
    pub source: &'static str,
    pub name: String,
    pub plan_code: Option<&'static str>,
    pub message: String,
    pub created: Timestamp,
}

impl Rows {
    /// Address number `i`.
    #[must_use]
    pub fn email(&self, i: u64) -> Email {
        let mut rng = Rng::of(self.seed, "email_addresses", i);
        let id = rng.uuid();
        let times = times(&mut rng);
        let state = verification(&mut rng, times, 700);
        // "s" keeps these apart from every address a load run sends.
        let email = address::draw(&mut rng, &format!("s{}", base36(i))).canonical;
        Email { id, email, state, times }
    }

    /// Name number `i`.
    #[must_use]
    pub fn name(&self, i: u64) -> Name {
        let mut rng = Rng::of(self.seed, "human_names", i);
        let id = rng.uuid();
        let email = self.email(self.counts.email_of_name(i));
        let (first_name, surname) = (people::first_name(&mut rng), people::last_name(&mut rng));
        let username = (!rng.chance(100)).then(|| format!("{}{}", people::handle(&mut rng), base36(i)));
        Name { id, email_address_id: email.id, first_name, surname, username, times: email.times }
    }

    /// Phone number `i`.
    #[must_use]
    pub fn phone(&self, i: u64) -> Phone {
        let mut rng = Rng::of(self.seed, "mobile_numbers", i);
        let id = rng.uuid();
        let (phone_number, country_code) = people::phone(&mut rng);
        let times = times(&mut rng);
        let state = verification(&mut rng, times, 800);
        let human_name_id = self.id("human_names", self.counts.name_of_phone(i));
        Phone { id, human_name_id, phone_number, country_code, state, times }
    }

    /// Verification state of name `i`.
    #[must_use]
    pub fn tracking(&self, i: u64) -> Tracking {
        let email = self.email(self.counts.email_of_name(i));
        let phone = self.counts.phone_of_name(i).map(|p| self.phone(p));
        let (email_verified_at, phone_verified_at) = (email.state.verified_at, phone.and_then(|p| p.state.verified_at));
        let both = email_verified_at.zip(phone_verified_at).map(|(email, phone)| email.max(phone));
        Tracking {
            id: self.id("verification_tracking", i),
            human_name_id: self.id("human_names", i),
            email_verified_at,
            phone_verified_at,
            announced_at: both.filter(|_| !i.is_multiple_of(UNTOLD)),
            times: email.times,
        }
    }

    /// Member of staff number `i`.
    #[must_use]
    pub fn platform_user(&self, i: u64) -> PlatformUser {
        let mut rng = Rng::of(self.seed, "platform_users", i);
        let id = rng.uuid();
        let handle = format!("{}{}", people::handle(&mut rng), base36(i));
        PlatformUser {
            id,
            email: format!("{handle}@staff.rerp.example"),
            phone: rng.chance(500).then(|| format!("+4477009{:05}", i % 100_000)),
            first_name: people::first_name(&mut rng).unwrap_or_else(|| "Kim".to_owned()),
            surname: people::last_name(&mut rng).unwrap_or_else(|| "Lee".to_owned()),
            username: Some(handle),
            is_active: !rng.chance(80),
            times: times(&mut rng),
        }
    }

    /// Administrator number `i`: every fourth member of staff.
    #[must_use]
    pub fn admin(&self, i: u64) -> Admin {
        let mut rng = Rng::of(self.seed, "admins", i);
        Admin {
            id: rng.uuid(),
            platform_user_id: self.id("platform_users", i * 4),
            account_id: self.counts.account_of_admin(i).map(|account| self.id("accounts", account)),
            times: times(&mut rng),
        }
    }

    /// Capture number `i`.
    #[must_use]
    pub fn capture(&self, i: u64) -> Lead {
        self.lead("email_captures", i)
    }

    /// Message number `i`.
    #[must_use]
    pub fn message(&self, i: u64) -> Lead {
        self.lead("contact_messages", i)
    }

    fn lead(&self, table: &str, i: u64) -> Lead {
        let mut rng = Rng::of(self.seed, table, i);
        let id = rng.uuid();
        let email = rng.below(self.counts.emails);
        let (source, name, plan_code) =
            (people::source(&mut rng), people::full_name(&mut rng), people::plan_code(&mut rng));
        let (message, created) = (people::message(&mut rng), times(&mut rng).created);
        // One lead in four names a company.
        let named = self.counts.companies > 0 && rng.chance(250);
        let company_id = named.then(|| self.id("companies", rng.below(self.counts.companies)));
        let email_address_id = self.id("email_addresses", email);
        Lead { id, email_address_id, company_id, source, name, plan_code, message, created }
    }

    /// The id of row `i` of a table: always the first draw of its stream.
    pub(super) fn id(&self, table: &str, i: u64) -> Uuid {
        Rng::of(self.seed, table, i).uuid()
    }
}

/// 2022-01-01T00:00:00Z: data sets do not depend on the day they are made.
const EPOCH: i64 = 1_640_995_200;
const FOUR_YEARS: u64 = 4 * 365 * 86_400;

pub(super) fn times(rng: &mut Rng) -> Times {
    // Growth: the later half of the time holds three quarters of the rows.
    let age = rng.below(FOUR_YEARS).max(rng.below(FOUR_YEARS));
    let created = after(Timestamp::UNIX_EPOCH, EPOCH.unsigned_abs().saturating_add(age), rng.below(1_000_000));
    let changed = if rng.chance(400) { rng.below(90 * 86_400) } else { 0 };
    Times { created, updated: after(created, changed, 0) }
}

fn after(from: Timestamp, seconds: u64, micros: u64) -> Timestamp {
    let whole = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or_default());
    let part = SignedDuration::from_micros(i64::try_from(micros).unwrap_or_default());
    from.checked_add(whole + part).unwrap_or(from)
}

/// `verified` in 1000 are verified; of the rest most still hold the digest of the secret that was sent.
fn verification(rng: &mut Rng, times: Times, verified: u64) -> Verification {
    let done = rng.chance(verified);
    let sent_at = (done || rng.chance(800)).then(|| after(times.created, rng.below(60), 0));
    Verification {
        verified: done,
        secret: if done { None } else { sent_at.map(|_| rng.digest()) },
        sent_at,
        verified_at: sent_at.filter(|_| done).map(|at| after(at, rng.below(600), 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn rows() -> Rows {
        Rows { seed: 42, counts: Counts::of(8_000) }
    }

    #[test]
    fn the_same_seed_makes_the_same_rows() {
        let (a, b) = (rows(), rows());
        for i in 0..200 {
            assert_eq!(a.email(i), b.email(i));
            assert_eq!(a.tracking(i), b.tracking(i));
            assert_eq!(a.capture(i), b.capture(i));
        }
        assert_ne!(a.email(0), Rows { seed: 43, ..a }.email(0));
        // Pinned: a data set named by its seed is the same next year.
        assert_eq!(a.email(0).id.to_string(), PINNED);
    }

    const PINNED: &str = "0e5d179e-2c72-4a7b-a9f9-7aac150ed937";

    #[test]
    fn references_lead_to_rows_that_exist() {
        let rows = rows();
        let emails: HashMap<Uuid, Email> = (0..rows.counts.emails).map(|i| (rows.email(i).id, rows.email(i))).collect();
        let names: HashSet<Uuid> = (0..rows.counts.names).map(|i| rows.name(i).id).collect();
        assert_eq!((emails.len() as u64, names.len() as u64), (rows.counts.emails, rows.counts.names));
        assert!((0..rows.counts.names).all(|i| emails.contains_key(&rows.name(i).email_address_id)));
        assert!((0..rows.counts.phones).all(|i| names.contains(&rows.phone(i).human_name_id)));
        assert!((0..rows.counts.messages).all(|i| emails.contains_key(&rows.message(i).email_address_id)));
        for i in 0..rows.counts.names {
            let (name, tracking) = (rows.name(i), rows.tracking(i));
            assert_eq!(tracking.human_name_id, name.id);
            assert_eq!(tracking.email_verified_at, emails[&name.email_address_id].state.verified_at);
        }
    }

    #[test]
    fn what_must_be_unique_is() {
        let rows = rows();
        let emails: HashSet<String> = (0..rows.counts.emails).map(|i| rows.email(i).email.to_lowercase()).collect();
        assert_eq!(emails.len() as u64, rows.counts.emails);
        let usernames: Vec<String> = (0..rows.counts.names).filter_map(|i| rows.name(i).username).collect();
        assert_eq!(usernames.iter().collect::<HashSet<_>>().len(), usernames.len());
    }

    #[test]
    fn a_verification_is_consistent() {
        let rows = rows();
        for i in 0..rows.counts.emails {
            let Email { state, times, .. } = rows.email(i);
            assert_eq!(state.verified, state.verified_at.is_some());
            assert!(!(state.verified && state.secret.is_some()));
            assert!(times.updated >= times.created);
            assert!(state.sent_at.is_none_or(|at| at >= times.created));
        }
    }
}
