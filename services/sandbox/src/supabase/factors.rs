//! `/factors`: second factors. In: who asks. Out: a secret for a program that shows codes; a session that is surer once a code was right.

use jiff::Timestamp;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::call::{Call, Done, Reply};
use super::grant::Issue;
use super::limits::Limit;
use super::me::Caller;
use super::params::Params;
use super::refusal::Refusal;
use super::secret::random;
use super::state::{Asked, State};
use super::totp;
use super::user::Factor;

/// Most factors of a user.
const MOST: usize = 10;
/// How long an answer may take, in seconds.
const PATIENCE: i64 = 300;

/// Everything below `/factors`.
pub(super) fn call(state: &mut State, call: &Call<'_>, rest: &[&str], now: Timestamp) -> Result<Done, Refusal> {
    let caller = Caller::of(state, call, now)?;
    if caller.is_anonymous {
        let message = "Anonymous user not allowed to perform these actions";
        return Err(Refusal::new(403, "no_authorization", message));
    }
    match (call.method, rest) {
        ("POST", []) => enroll(state, call, &caller, now),
        ("POST", [factor, "challenge"]) => {
            let factor = found(state, caller.user, factor)?.id;
            state.limits.take(Limit::Challenge, call.address, &state.settings.rate_limits, now)?;
            challenge(state, call, caller.user, factor, now)
        }
        ("POST", [factor, "verify"]) => {
            let factor = found(state, caller.user, factor)?.clone();
            state.limits.take(Limit::Answer, call.address, &state.settings.rate_limits, now)?;
            verify(state, call, &caller, &factor, now)
        }
        ("DELETE", [factor]) => {
            let factor = found(state, caller.user, factor)?.clone();
            if factor.is_verified && !caller.is_second(state) {
                return Err(Refusal::new(422, "insufficient_aal", "AAL2 required to unenroll verified factor"));
            }
            remove(state, caller.user, factor.id, now)?;
            Ok(Done::document(json!({ "id": factor.id })))
        }
        _ => Err(Refusal::no_route()),
    }
}

/// A user's factor of this name.
pub(super) fn found<'a>(state: &'a State, user: Uuid, id: &str) -> Result<&'a Factor, Refusal> {
    let id = Uuid::try_parse(id).map_err(|_| Refusal::new(404, "validation_failed", "factor_id must be an UUID"))?;
    let factor = state.user(user)?.factors.iter().find(|factor| factor.id == id);
    factor.ok_or_else(|| Refusal::new(404, "mfa_factor_not_found", "Factor not found"))
}

/// Takes a factor away, and what it proved.
pub(super) fn remove(state: &mut State, user: Uuid, factor: Uuid, now: Timestamp) -> Result<(), Refusal> {
    state.user_mut(user, now)?.factors.retain(|each| each.id != factor);
    state.drop_factor(factor);
    Ok(())
}

fn enroll(state: &mut State, call: &Call<'_>, caller: &Caller, now: Timestamp) -> Result<Done, Refusal> {
    let params = Params::read(call.body)?;
    match params.text("factor_type")? {
        "totp" => {}
        "phone" => return Err(Refusal::new(422, "mfa_phone_enroll_not_enabled", "MFA enroll is disabled for Phone")),
        "webauthn" => {
            return Err(Refusal::new(422, "mfa_webauthn_enroll_not_enabled", "MFA enroll is disabled for WebAuthn"));
        }
        _ => return Err(Refusal::invalid("factor_type needs to be totp, phone, or webauthn")),
    }
    let name = params.text("friendly_name")?;
    may_enroll(state, caller, name)?;
    let site = Url::parse(&state.settings.site_url).ok();
    let host = site.as_ref().and_then(Url::host_str).unwrap_or_default();
    let issuer = Some(params.text("issuer")?).filter(|issuer| !issuer.is_empty()).unwrap_or(host);
    let (id, secret) = (Uuid::new_v4(), random::<20>()?);
    let user = state.user_mut(caller.user, now)?;
    let address = totp::address(issuer, &user.email, &secret);
    let picture = totp::picture(&address)?;
    user.factors.push(Factor {
        id,
        name: name.to_owned(),
        secret,
        is_verified: false,
        created_at: now,
        updated_at: now,
        challenged_at: None,
    });
    Ok(Done::document(json!({
        "id": id, "type": "totp", "friendly_name": name,
        "totp": { "qr_code": picture, "secret": totp::spelled(&secret), "uri": address },
    })))
}

fn may_enroll(state: &State, caller: &Caller, name: &str) -> Result<(), Refusal> {
    let user = state.user(caller.user)?;
    if user.factors.iter().any(|factor| factor.name == name) {
        let message = format!("A factor with the friendly name {name:?} for this user already exists");
        return Err(Refusal::new(422, "mfa_factor_name_conflict", message));
    }
    if user.factors.len() >= MOST {
        let message = "Maximum number of verified factors reached, unenroll to continue";
        return Err(Refusal::new(422, "too_many_enrolled_mfa_factors", message));
    }
    if user.has_factor() && !caller.is_second(state) {
        return Err(Refusal::new(403, "insufficient_aal", "AAL2 required to enroll a new factor"));
    }
    Ok(())
}

fn challenge(state: &mut State, call: &Call<'_>, user: Uuid, factor: Uuid, now: Timestamp) -> Result<Done, Refusal> {
    let id = Uuid::new_v4();
    let theirs = state.user_mut(user, now)?.factors.iter_mut().find(|each| each.id == factor);
    if let Some(theirs) = theirs {
        theirs.challenged_at = Some(now);
    }
    state.ask(Asked { id, factor, address: call.address.map(str::to_owned), at: now });
    Ok(Done::document(json!({ "id": id, "type": "totp", "expires_at": now.as_second() + PATIENCE })))
}

fn verify(
    state: &mut State,
    call: &Call<'_>,
    caller: &Caller,
    factor: &Factor,
    now: Timestamp,
) -> Result<Done, Refusal> {
    let params = Params::read(call.body)?;
    let code = params.text("code")?;
    if code.is_empty() {
        return Err(Refusal::invalid("Code needs to be non-empty"));
    }
    answerable(state, call, &params, factor.id, now)?;
    if !totp::fits(&factor.secret, code, now.as_second()) {
        return Err(Refusal::new(422, "mfa_verification_failed", "Invalid TOTP code entered"));
    }
    if let Ok(id) = Uuid::try_parse(params.text("challenge_id")?) {
        state.answered(id);
    }
    let user = state.user_mut(caller.user, now)?;
    if let Some(theirs) = user.factors.iter_mut().find(|each| each.id == factor.id) {
        (theirs.is_verified, theirs.updated_at) = (true, now);
    }
    user.factors.retain(|each| each.is_verified);
    let session = state.session_mut(caller.session).ok_or_else(|| Refusal::failed("the session is gone"))?;
    session.prove("totp", now);
    session.factor = Some(factor.id);
    // By two: the refresh token from before the second factor is worth nothing any more.
    session.counter += 2;
    session.refreshed_at = Some(now);
    state.end(|each| each.user == caller.user && !each.is_second());
    let issue = Issue { user: caller.user, session: caller.session, method: "totp", redirect: None, weak: None };
    Ok(Done::reply(Reply::Session(issue)))
}

/// Whether this was asked of this factor, from the same address, and not too long ago.
fn answerable(
    state: &mut State,
    call: &Call<'_>,
    params: &Params,
    factor: Uuid,
    now: Timestamp,
) -> Result<(), Refusal> {
    let id = Uuid::try_parse(params.text("challenge_id")?).map_err(|_| {
        Refusal::new(400, "bad_json", "Could not parse request body as JSON: challenge_id must be a UUID")
    })?;
    let asked = state.asked(id, factor).ok_or_else(|| {
        Refusal::new(422, "mfa_factor_not_found", "MFA factor with the provided challenge ID not found")
    })?;
    if asked.address.as_deref() != call.address {
        let message = "Challenge and verify IP addresses mismatch.";
        return Err(Refusal::new(422, "mfa_ip_address_mismatch", message));
    }
    if asked.is_over(now) {
        state.answered(id);
        let advice = "verify against another challenge or create a new challenge.";
        return Err(Refusal::new(422, "mfa_challenge_expired", format!("MFA challenge {id} has expired, {advice}")));
    }
    Ok(())
}
