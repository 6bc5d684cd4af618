//! Somebody signs up. In: a contact and a password. Out: a letter that proves the contact; or a session at once, where no proof is wanted.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::call::{Call, Done, Reply};
use super::contact::Contact;
use super::grant::Issue;
use super::letter::{Action, Letter, Mail, text};
use super::limits::Limit;
use super::params::Params;
use super::pkce::{Challenge, Flow};
use super::refusal::Refusal;
use super::secret::{Password, strong};
use super::state::State;
use super::user::{Metadata, Purpose, User};

/// Who wants to sign up.
#[derive(Debug)]
pub(super) struct Wish {
    pub contact: Contact,
    /// None: nobody knows it, a code is the only way in.
    pub password: Option<String>,
    pub data: Metadata,
    pub challenge: Option<Challenge>,
}

/// `POST /signup`.
pub(super) fn sign_up(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    let params = Params::read(call.body)?;
    let data = params.object("data")?.cloned().unwrap_or_default();
    let both = "Only an email address or phone number should be provided on signup.";
    let Some(contact) = Contact::of(&params, both)? else { return anonymous(state, call, data, now) };
    state.limits.take(Limit::SignUp, call.address, &state.settings.rate_limits, now)?;
    let password = params.text("password")?.to_owned();
    if password.is_empty() {
        return Err(Refusal::invalid("Signup requires a valid password"));
    }
    strong(&password, state.settings.password_min_length)?;
    let challenge = Challenge::of(&params)?;
    if challenge.is_some() && matches!(contact, Contact::Phone(_)) {
        return Err(Refusal::invalid("PKCE not supported for phone signups"));
    }
    register(state, call, Wish { contact, password: Some(password), data, challenge }, now)
}

/// Signs somebody up, or sends one who hasn't proved the contact another code.
pub(super) fn register(state: &mut State, call: &Call<'_>, wish: Wish, now: Timestamp) -> Result<Done, Refusal> {
    let audience = open_audience(state, call)?;
    let found = state.find(&audience, &wish.contact);
    if let Some(id) = found
        && state.user(id)?.is_confirmed(&wish.contact)
    {
        return known(state, &audience, &wish, now);
    }
    let id = match found {
        Some(id) => id,
        None => state.add(made(&audience, &wish, now)?)?,
    };
    let is_automatic = match wish.contact {
        Contact::Email(_) => state.settings.mailer_autoconfirm,
        Contact::Phone(_) => state.settings.sms_autoconfirm,
    };
    if is_automatic {
        state.user_mut(id, now)?.confirm(wish.contact.provider(), now);
        let session = state.begin(id, "password", now)?;
        return Ok(Done::reply(Reply::Session(Issue {
            user: id,
            session,
            method: "password",
            redirect: None,
            weak: None,
        })));
    }
    let made = found.is_none().then_some(id);
    match first_letter(state, call, id, &wish, now) {
        Ok(letter) => Ok(Done { letters: vec![letter], reply: Reply::User(id), made }),
        Err(refusal) => {
            made.into_iter().for_each(|id| state.forget(id));
            Err(refusal)
        }
    }
}

fn first_letter(
    state: &mut State,
    call: &Call<'_>,
    user: Uuid,
    wish: &Wish,
    now: Timestamp,
) -> Result<Letter, Refusal> {
    match &wish.contact {
        Contact::Phone(number) => text(state, user, number, Purpose::Confirmation, now),
        Contact::Email(_) => mail(state, call, user, Action::Signup, None, wish.challenge.clone(), now),
    }
}

/// A mail to somebody, and where there is a challenge, a code that its link leads to.
pub(super) fn mail(
    state: &mut State,
    call: &Call<'_>,
    user: Uuid,
    action: Action,
    change: Option<String>,
    challenge: Option<Challenge>,
    now: Timestamp,
) -> Result<Letter, Refusal> {
    let letter = Mail { user, action, change, is_pkce: challenge.is_some(), call }.write(state, now)?;
    if let Some(challenge) = challenge {
        let code = Uuid::new_v4().to_string();
        state.wait(Flow { code, user, method: action.method(), challenge, began: now });
    }
    Ok(letter)
}

/// Who signs up is for the usual audience.
fn open_audience(state: &State, call: &Call<'_>) -> Result<String, Refusal> {
    let audience = call.audience_in(state);
    if state.settings.disable_signup || audience != state.settings.audience {
        return Err(Refusal::new(422, "signup_disabled", "Signups not allowed for this instance"));
    }
    Ok(audience.to_owned())
}

fn made(audience: &str, wish: &Wish, now: Timestamp) -> Result<User, Refusal> {
    let mut user = User::new(Uuid::new_v4(), audience, now);
    user.reach(&wish.contact);
    user.password = wish.password.as_deref().map(Password::of).transpose()?;
    user.user_metadata = wish.data.clone();
    user.link(wish.contact.provider(), &wish.data, false, now);
    // What GoTrue keeps with somebody who signs up: what is known of them, as it is known of their way to sign in.
    if let Some(identity) = user.identities.first() {
        user.user_metadata.extend(identity.data.clone());
    }
    Ok(user)
}

/// Somebody has proved this contact before. Whoever asks learns it only where everybody's is taken without a proof.
fn known(state: &State, audience: &str, wish: &Wish, now: Timestamp) -> Result<Done, Refusal> {
    if state.settings.mailer_autoconfirm || state.settings.sms_autoconfirm {
        return Err(Refusal::new(422, "user_already_exists", "User already registered"));
    }
    let mut nobody = User::new(Uuid::new_v4(), audience, now);
    nobody.reach(&wish.contact);
    nobody.role.clear();
    nobody.user_metadata.clone_from(&wish.data);
    let provider = wish.contact.provider();
    nobody.app_metadata =
        [("provider".to_owned(), json!(provider)), ("providers".to_owned(), json!([provider]))].into_iter().collect();
    let mut shown = nobody.document();
    shown["confirmation_sent_at"] = json!(now);
    Ok(Done::document(shown))
}

fn anonymous(state: &mut State, call: &Call<'_>, data: Metadata, now: Timestamp) -> Result<Done, Refusal> {
    if !state.settings.anonymous_users {
        return Err(Refusal::new(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"));
    }
    state.limits.take(Limit::Anonymous, call.address, &state.settings.rate_limits, now)?;
    let audience = open_audience(state, call)?;
    let mut user = User::new(Uuid::new_v4(), &audience, now);
    (user.is_anonymous, user.user_metadata) = (true, data);
    let user = state.add(user)?;
    let session = state.begin(user, "anonymous", now)?;
    Ok(Done::reply(Reply::Session(Issue { user, session, method: "anonymous", redirect: None, weak: None })))
}
