//! `POST /token`: a session for a password, for a refresh token, or for the code that a link led to.

use jiff::Timestamp;
use serde_json::json;

use super::call::{Call, Done, Reply};
use super::contact::Contact;
use super::grant::Issue;
use super::limits::Limit;
use super::params::Params;
use super::pkce::LIFE;
use super::refusal::Refusal;
use super::secret::strong;
use super::session::Refresh;
use super::state::State;
use super::user::is_over;

/// What the refresh token of a session may be behind without harm: its answer was lost, and so it is shown again.
const LOST: u64 = 1;

/// Which kind is asked for stands in the query.
pub(super) fn grant(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    let kind = call.asked("grant_type").unwrap_or_default();
    let give: fn(&mut State, &Call<'_>, &Params, Timestamp) -> Result<Issue, Refusal> = match kind.as_str() {
        "password" => password,
        "refresh_token" => refresh,
        "pkce" => code,
        _ => return Err(Refusal::new(400, "invalid_credentials", "unsupported_grant_type")),
    };
    state.limits.take(Limit::Token, call.address, &state.settings.rate_limits, now)?;
    give(state, call, &Params::read(call.body)?, now).map(|issue| Done::reply(Reply::Session(issue)))
}

fn password(state: &mut State, call: &Call<'_>, params: &Params, now: Timestamp) -> Result<Issue, Refusal> {
    let both = "Only an email address or phone number should be provided on login.";
    let contact = match (params.text("email")?, params.text("phone")?) {
        ("", "") => return Err(Refusal::invalid("missing email or phone")),
        // A contact that can't be one is nobody's.
        (_, "") | ("", _) => Contact::of(params, both).map_err(|_| Refusal::credentials())?,
        _ => return Err(Refusal::invalid(both)),
    };
    let contact = contact.ok_or_else(Refusal::credentials)?;
    let found = state.find(call.audience_in(state), &contact).ok_or_else(Refusal::credentials)?;
    let user = state.user(found)?;
    let kept = user.password.as_ref().ok_or_else(Refusal::credentials)?;
    if user.is_banned(now) {
        return Err(Refusal::new(400, "user_banned", "User is banned"));
    }
    let given = params.text("password")?;
    if !kept.is(given) {
        return Err(Refusal::credentials());
    }
    if !user.is_confirmed(&contact) {
        return Err(match contact {
            Contact::Email(_) => Refusal::new(400, "email_not_confirmed", "Email not confirmed"),
            Contact::Phone(_) => Refusal::new(400, "phone_not_confirmed", "Phone not confirmed"),
        });
    }
    // Good enough when it was chosen; the client is told what it lacks by now.
    let weak = strong(given, state.settings.password_min_length).err();
    let weak = weak.map(|refusal| json!({ "message": refusal.message(), "reasons": ["length"] }));
    let session = state.begin(found, "password", now)?;
    Ok(Issue { user: found, session, method: "password", redirect: None, weak })
}

fn refresh(state: &mut State, _: &Call<'_>, params: &Params, now: Timestamp) -> Result<Issue, Refusal> {
    let absent = || Refusal::new(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
    let refresh =
        Refresh::read(params.text("refresh_token")?).ok_or_else(|| Refusal::invalid("Refresh token is not valid"))?;
    let session = state.session(refresh.session).map_err(|_| absent())?;
    if !session.made(&refresh) {
        return Err(absent());
    }
    let (id, counter, user) = (session.id, session.counter, session.user);
    let last = session.refreshed_at.unwrap_or(session.created_at);
    if state.user(user)?.is_banned(now) {
        return Err(Refusal::new(400, "user_banned", "Invalid Refresh Token: User Banned"));
    }
    let Some(behind) = counter.checked_sub(refresh.counter) else {
        return Err(Refusal::invalid("Invalid Refresh Token: Not Issued By This Server"));
    };
    let is_at_once = !is_over(last, state.settings.refresh_token_reuse_interval, now);
    if behind > LOST && !is_at_once {
        // Two have the same token, and one of them isn't who they say: the session ends for both.
        state.end(|session| session.id == id);
        return Err(Refusal::new(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used"));
    }
    let session = state.session_mut(id).ok_or_else(absent)?;
    session.counter += u64::from(behind == 0);
    session.refreshed_at = Some(now);
    Ok(Issue { user, session: id, method: "token_refresh", redirect: None, weak: None })
}

fn code(state: &mut State, _: &Call<'_>, params: &Params, now: Timestamp) -> Result<Issue, Refusal> {
    let (given, verifier) = (params.text("auth_code")?, params.text("code_verifier")?);
    if given.is_empty() || verifier.is_empty() {
        return Err(Refusal::invalid("invalid request: both auth code and code verifier should be non-empty"));
    }
    let flow = state.flow(given).cloned();
    let flow =
        flow.ok_or_else(|| Refusal::new(404, "flow_state_not_found", "invalid flow state, no valid flow state found"))?;
    if is_over(flow.began, LIFE, now) {
        return Err(Refusal::new(422, "flow_state_expired", "invalid flow state, flow state has expired"));
    }
    if !flow.challenge.fits(verifier) {
        let message = "code challenge does not match previously saved code verifier";
        return Err(Refusal::new(400, "bad_code_verifier", message));
    }
    state.arrived(given);
    let session = state.begin(flow.user, flow.method, now)?;
    Ok(Issue { user: flow.user, session, method: flow.method, redirect: None, weak: None })
}
