//! `/admin/users`: what a backend does with the project's secret key. An identifier may be given with a new user, so that a person has one name
//! everywhere.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Call, Done, Page, Reply};
use super::contact::{Contact, email, phone};
use super::factors;
use super::params::Params;
use super::refusal::Refusal;
use super::secret::{Password, strong};
use super::state::State;
use super::user::{Metadata, User, merge};

/// Users on a page unless told otherwise.
const PAGE: usize = 50;

/// Everything below `/admin/users`.
pub(super) fn call(state: &mut State, call: &Call<'_>, rest: &[&str], now: Timestamp) -> Result<Done, Refusal> {
    match (call.method, rest) {
        ("GET", []) => list(state, call),
        ("POST", []) => create(state, call, &Params::read(call.body)?, now),
        ("GET", [user]) => Ok(Done::reply(Reply::User(found(state, user)?))),
        ("PUT", [user]) => {
            let user = found(state, user)?;
            update(state, user, &Params::read(call.body)?, now)
        }
        ("DELETE", [user]) => {
            let user = found(state, user)?;
            delete(state, user, call.body, now)
        }
        ("GET", [user, "factors"]) => {
            let user = state.user(found(state, user)?)?;
            Ok(Done::document(user.factors.iter().map(super::user::Factor::document).collect()))
        }
        ("DELETE", [user, "factors", factor]) => {
            let user = found(state, user)?;
            let factor = factors::found(state, user, factor)?.clone();
            factors::remove(state, user, factor.id, now)?;
            Ok(Done::document(factor.document()))
        }
        _ => Err(Refusal::no_route()),
    }
}

fn found(state: &State, id: &str) -> Result<Uuid, Refusal> {
    let id = Uuid::try_parse(id).map_err(|_| Refusal::new(404, "validation_failed", "user_id must be an UUID"))?;
    state.user(id).map(|user| user.id)
}

fn list(state: &State, call: &Call<'_>) -> Result<Done, Refusal> {
    let number = |name: &str, usual: usize| match call.asked(name) {
        None => Ok(usual),
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Refusal::invalid(format!("Bad Pagination Parameters: {name} is a number"))),
    };
    let (page, size) = (number("page", 1)?.max(1), number("per_page", PAGE)?.clamp(1, 1_000));
    let audience = call.audience_in(state);
    let filter = call.asked("filter").unwrap_or_default();
    let all: Vec<&User> =
        state.all(audience).into_iter().filter(|user| filter.is_empty() || user.email.contains(&filter)).collect();
    let last = all.len().div_ceil(size).max(1);
    let shown: Vec<Value> =
        all.iter().skip((page - 1).saturating_mul(size)).take(size).map(|user| user.document()).collect();
    let place = Page { total: all.len(), next: Some(page + 1).filter(|next| *next <= last), last };
    Ok(Done::reply(Reply::Page(json!({ "users": shown, "aud": audience }), place)))
}

fn create(state: &mut State, call: &Call<'_>, params: &Params, now: Timestamp) -> Result<Done, Refusal> {
    let given = Given::read(params)?;
    if given.email.is_none() && given.phone.is_none() {
        return Err(Refusal::invalid("Cannot create a user without either an email or phone"));
    }
    let audience =
        Some(params.text("aud")?).filter(|aud| !aud.is_empty()).unwrap_or_else(|| call.audience_in(state)).to_owned();
    free(state, &audience, &given, None)?;
    let mut user = User::new(identifier(params.text("id")?)?, &audience, now);
    if state.user(user.id).is_ok() {
        return Err(Refusal::failed("Database error creating new user"));
    }
    given.apply(&mut user, params, state.settings.password_min_length, now)?;
    let id = state.add(user)?;
    Ok(Done::reply(Reply::User(id)))
}

/// The name that the caller wishes for, or a new one.
fn identifier(text: &str) -> Result<Uuid, Refusal> {
    if text.is_empty() {
        return Ok(Uuid::new_v4());
    }
    let id = Uuid::try_parse(text).map_err(|_| Refusal::invalid("ID must conform to the uuid v4 format"))?;
    if id.is_nil() { Err(Refusal::invalid("ID cannot be a nil uuid")) } else { Ok(id) }
}

fn update(state: &mut State, id: Uuid, params: &Params, now: Timestamp) -> Result<Done, Refusal> {
    let given = Given::read(params)?;
    let audience = state.user(id)?.audience.clone();
    free(state, &audience, &given, Some(id))?;
    let shortest = state.settings.password_min_length;
    // All or nothing.
    let mut user = state.user(id)?.clone();
    given.apply(&mut user, params, shortest, now)?;
    *state.user_mut(id, now)? = User { updated_at: now, ..user };
    if given.password.is_some() {
        state.end(|session| session.user == id);
    }
    Ok(Done::reply(Reply::User(id)))
}

fn delete(state: &mut State, id: Uuid, body: &[u8], now: Timestamp) -> Result<Done, Refusal> {
    let params = if body.is_empty() { Params::default() } else { Params::read(body)? };
    if params.flag("should_soft_delete", false)? {
        let user = state.user_mut(id, now)?;
        let mut gone = User::new(id, &user.audience, user.created_at);
        gone.deleted_at = Some(now);
        *user = gone;
        state.end(|session| session.user == id);
    } else {
        state.forget(id);
    }
    Ok(Done::document(json!({})))
}

/// What is given of a user.
#[derive(Debug)]
struct Given {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    /// `banned_until` from now on: none is a way back.
    ban: Option<Option<SignedDuration>>,
}

impl Given {
    fn read(params: &Params) -> Result<Self, Refusal> {
        let given = |name: &str| params.text(name).map(|text| Some(text).filter(|text| !text.is_empty()));
        if given("password_hash")?.is_some() {
            return Err(Refusal::invalid("The stand-in takes passwords, not hashes of some"));
        }
        let ban = match given("ban_duration")? {
            None => None,
            Some("none") => Some(None),
            Some(text) => Some(Some(text.parse::<SignedDuration>().map_err(|_| {
                Refusal::invalid(format!("invalid format for ban duration: time: invalid duration {text:?}"))
            })?)),
        };
        Ok(Self {
            email: given("email")?.map(email).transpose()?,
            phone: given("phone")?.map(phone).transpose()?,
            password: given("password")?.map(str::to_owned),
            ban,
        })
    }

    fn apply(&self, user: &mut User, params: &Params, shortest: usize, now: Timestamp) -> Result<(), Refusal> {
        if let Some(password) = &self.password {
            strong(password, shortest)?;
            user.password = Some(Password::of(password)?);
            user.forget_codes();
        }
        if let Some(role) = params.given("role")?.filter(|role| !role.is_empty()) {
            role.trim().clone_into(&mut user.role);
        }
        for (provider, contact) in [("email", &self.email), ("phone", &self.phone)] {
            if let Some(contact) = contact {
                let theirs = if provider == "email" { &mut user.email } else { &mut user.phone };
                theirs.clone_from(contact);
                user.link(provider, &Metadata::new(), false, now);
            }
        }
        for (metadata, changes) in [
            (&mut user.user_metadata, params.object("user_metadata")?),
            (&mut user.app_metadata, params.object("app_metadata")?),
        ] {
            merge(metadata, changes.unwrap_or(&Metadata::new()));
        }
        for (flag, provider) in [("email_confirm", "email"), ("phone_confirm", "phone")] {
            if params.flag(flag, false)? {
                user.confirm(provider, now);
            }
        }
        if let Some(ban) = self.ban {
            user.banned_until = ban.and_then(|ban| now.checked_add(ban).ok());
        }
        Ok(())
    }
}

/// Nobody else has these contacts.
fn free(state: &State, audience: &str, given: &Given, but: Option<Uuid>) -> Result<(), Refusal> {
    let is_taken = |contact: Contact| state.find(audience, &contact).is_some_and(|found| Some(found) != but);
    if given.email.clone().map(Contact::Email).is_some_and(is_taken) {
        return Err(Refusal::new(422, "email_exists", "A user with this email address has already been registered"));
    }
    if given.phone.clone().map(Contact::Phone).is_some_and(is_taken) {
        return Err(Refusal::new(422, "phone_exists", "Phone number already registered by another user"));
    }
    Ok(())
}
