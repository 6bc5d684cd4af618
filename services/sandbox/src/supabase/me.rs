//! What somebody does who is signed in: `/user`, `/logout`. And who that is.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::call::{Call, Done, Reply};
use super::contact::{Contact, email, phone};
use super::letter::{Action, text};
use super::limits::Limit;
use super::params::Params;
use super::pkce::Challenge;
use super::refusal::Refusal;
use super::secret::{Password, strong};
use super::signup::mail;
use super::state::State;
use super::user::{Purpose, User, merge};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub user: Uuid,
    pub session: Uuid,
    pub is_anonymous: bool,
    audience: String,
}

impl Caller {
    /// The one whose token is shown.
    pub(super) fn of(state: &State, call: &Call<'_>, now: Timestamp) -> Result<Self, Refusal> {
        let absent = || Refusal::new(401, "no_authorization", "This endpoint requires a valid Bearer token");
        let token = call.bearer.ok_or_else(absent)?;
        // The project's keys stand for nobody.
        if token.starts_with("sb_") {
            return Err(Refusal::bad_token("invalid claim: missing sub claim"));
        }
        let claims = state.keys.read(token, now.as_second())?;
        let id = |name: &str| claims[name].as_str().and_then(|text| Uuid::try_parse(text).ok());
        let sub = id("sub").ok_or_else(|| Refusal::new(400, "bad_jwt", "invalid claim: sub claim must be a UUID"))?;
        let gone = |_| Refusal::new(403, "user_not_found", "User from sub claim in JWT does not exist");
        let user = state.user(sub).map_err(gone)?;
        let session =
            id("session_id").ok_or_else(|| Refusal::bad_token("invalid claim: session_id claim must be a UUID"))?;
        let session = state.session(session)?.id;
        if user.is_banned(now) {
            return Err(Refusal::new(403, "user_banned", "User is banned"));
        }
        let audience = match &claims["aud"] {
            Value::Array(all) => all.first().and_then(Value::as_str),
            one => one.as_str(),
        };
        let audience = audience.unwrap_or_default().to_owned();
        Ok(Self { user: user.id, session, is_anonymous: claims["is_anonymous"] == true, audience })
    }

    /// Whether they showed a second factor in this session.
    pub(super) fn is_second(&self, state: &State) -> bool {
        state.session(self.session).is_ok_and(super::session::Session::is_second)
    }
}

/// Why a call for administrators is refused.
pub(super) fn no_admin(state: &State, call: &Call<'_>, now: Timestamp) -> Refusal {
    match call.bearer {
        None => Refusal::new(401, "no_authorization", "This endpoint requires a valid Bearer token"),
        Some(token) if token.starts_with("sb_") => Refusal::new(403, "not_admin", "User not allowed"),
        Some(token) => match state.keys.read(token, now.as_second()) {
            Ok(_) => Refusal::new(403, "not_admin", "User not allowed"),
            Err(refusal) => refusal,
        },
    }
}

/// `GET /user`.
pub(super) fn show(state: &State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    let caller = Caller::of(state, call, now)?;
    if call.audience.is_some_and(|audience| audience != caller.audience) {
        return Err(Refusal::invalid("Token audience doesn't match request audience"));
    }
    Ok(Done::reply(Reply::User(caller.user)))
}

/// `POST /logout`.
pub(super) fn sign_out(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    let Caller { user, session, .. } = Caller::of(state, call, now)?;
    match call.asked("scope").as_deref() {
        None | Some("global") => state.end(|each| each.user == user),
        Some("local") => state.end(|each| each.id == session),
        Some("others") => state.end(|each| each.user == user && each.id != session),
        Some(other) => return Err(Refusal::invalid(format!("Unsupported logout scope {other:?}"))),
    }
    Ok(Done::reply(Reply::Empty))
}

/// `PUT /user`.
pub(super) fn change(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    let caller = Caller::of(state, call, now)?;
    state.limits.take(Limit::Change, call.address, &state.settings.rate_limits, now)?;
    let params = Params::read(call.body)?;
    let wish = Wish::read(&params, state.user(caller.user)?)?;
    allowed(state, &caller, &wish, &params)?;
    let password = wish.password.as_deref().map(|text| new_password(state, caller.user, text)).transpose()?;
    let data = params.object("data")?.cloned();
    let user = state.user_mut(caller.user, now)?;
    if let Some(data) = &data {
        merge(&mut user.user_metadata, data);
    }
    if let Some(password) = password {
        user.password = Some(password);
        user.forget_codes();
        state.end(|each| each.user == caller.user && each.id != caller.session);
    }
    let mut done = Done::reply(Reply::User(caller.user));
    if let Some(address) = wish.email {
        let challenge = Challenge::of(&params)?;
        done.letters.push(mail(state, call, caller.user, Action::EmailChange, Some(address), challenge, now)?);
    }
    if let Some(number) = wish.phone {
        if state.settings.sms_autoconfirm {
            let user = state.user_mut(caller.user, now)?;
            user.phone = number;
            user.confirm("phone", now);
        } else {
            done.letters.push(text(state, caller.user, &number, Purpose::PhoneChange, now)?);
        }
    }
    Ok(done)
}

/// What is to change.
#[derive(Debug)]
struct Wish {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
}

impl Wish {
    /// A contact that is theirs already is no change.
    fn read(params: &Params, user: &User) -> Result<Self, Refusal> {
        let given = |name: &str| params.text(name).map(|text| Some(text).filter(|text| !text.is_empty()));
        let address = given("email")?.map(email).transpose()?.filter(|address| *address != user.email);
        let number = given("phone")?.map(phone).transpose()?.filter(|number| *number != user.phone);
        Ok(Self { email: address, phone: number, password: given("password")?.map(str::to_owned) })
    }
}

fn allowed(state: &State, caller: &Caller, wish: &Wish, params: &Params) -> Result<(), Refusal> {
    let user = state.user(caller.user)?;
    if params.object("app_metadata")?.is_some() {
        return Err(Refusal::new(403, "not_admin", "Updating app_metadata requires admin privileges"));
    }
    let is_grave = wish.email.is_some() || wish.phone.is_some() || wish.password.is_some();
    if is_grave && user.has_factor() && !caller.is_second(state) {
        let message = "AAL2 session is required to update email or password when MFA is enabled.";
        return Err(Refusal::new(401, "insufficient_aal", message));
    }
    if user.is_anonymous && wish.password.is_some() && wish.email.is_none() && wish.phone.is_none() {
        let message = "Updating password of an anonymous user without an email or phone is not allowed";
        return Err(Refusal::new(422, "validation_failed", message));
    }
    let is_taken = |contact: Contact| state.find(&user.audience, &contact).is_some();
    if wish.email.clone().map(Contact::Email).is_some_and(is_taken) {
        return Err(Refusal::new(422, "email_exists", "A user with this email address has already been registered"));
    }
    if wish.phone.clone().map(Contact::Phone).is_some_and(is_taken) {
        return Err(Refusal::new(422, "phone_exists", "A user with this phone number has already been registered"));
    }
    Ok(())
}

fn new_password(state: &State, user: Uuid, text: &str) -> Result<Password, Refusal> {
    strong(text, state.settings.password_min_length)?;
    if state.user(user)?.password.as_ref().is_some_and(|kept| kept.is(text)) {
        return Err(Refusal::new(422, "same_password", "New password should be different from the old password."));
    }
    Password::of(text)
}
