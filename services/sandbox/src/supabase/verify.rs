//! `/verify`: a code or a link proves a contact and opens a session. In: what was sent. Out: a session; or, for a change of address that both ends
//! have to confirm, that half of it is done.

use jiff::Timestamp;
use serde_json::json;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::call::{Call, Done, Reply};
use super::contact::Contact;
use super::grant::Issue;
use super::letter::redirect;
use super::limits::Limit;
use super::params::Params;
use super::pkce::PREFIX;
use super::refusal::Refusal;
use super::secret::token_hash;
use super::state::State;
use super::user::Purpose;

const HALF: &str = "Confirmation link accepted. Please proceed to confirm link sent to the other email";
const LINK: &str = "Email link is invalid or has expired";
const CODE: &str = "Token has expired or is invalid";

/// Where the code of a kind may lie. The second gives another name to what was proved.
fn purposes(kind: &str) -> Option<&'static [Purpose]> {
    match kind {
        "signup" | "invite" | "sms" => Some(&[Purpose::Confirmation]),
        "recovery" | "magiclink" => Some(&[Purpose::Recovery]),
        "email" => Some(&[Purpose::Confirmation, Purpose::Recovery]),
        "email_change" => Some(&[Purpose::EmailChangeCurrent, Purpose::EmailChangeNew]),
        "phone_change" => Some(&[Purpose::PhoneChange]),
        _ => None,
    }
}

/// `POST /verify`.
pub(super) fn post(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    state.limits.take(Limit::Verify, call.address, &state.settings.rate_limits, now)?;
    let params = Params::read(call.body)?;
    let (kind, code, hash) = (params.text("type")?, params.text("token")?, params.text("token_hash")?);
    if kind.is_empty() {
        return Err(Refusal::invalid("Verify requires a verification type"));
    }
    if code.is_empty() == hash.is_empty() {
        return Err(Refusal::invalid("Verify requires either a token or a token hash"));
    }
    let (user, purpose) = if hash.is_empty() {
        let both = "Only an email address or phone number should be provided on verify";
        let contact = Contact::of(&params, both)?.ok_or_else(|| Refusal::invalid(both))?;
        coded(state, call, kind, &contact, code, now)?
    } else {
        linked(state, kind, hash, now)?
    };
    match prove(state, user, kind, purpose, now)? {
        Proved::Half => Ok(Done::document(json!({ "msg": HALF, "code": "200" }))),
        Proved::Whole => {
            let session = state.begin(user, "otp", now)?;
            Ok(Done::reply(Reply::Session(Issue { user, session, method: "otp", redirect: None, weak: None })))
        }
    }
}

/// `GET /verify`: a link in a mail. Whatever comes of it is told in the address it leads to.
pub(super) fn get(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    state.limits.take(Limit::Verify, call.address, &state.settings.rate_limits, now)?;
    let kind = call.asked("type").ok_or_else(|| Refusal::invalid("Verify requires a verification type"))?;
    let hash = call.asked("token").ok_or_else(|| Refusal::invalid("Verify requires a token or a token hash"))?;
    let (to, is_pkce) = (redirect(state, call), hash.starts_with(PREFIX));
    let proved = linked(state, &kind, &hash, now)
        .and_then(|(user, purpose)| prove(state, user, &kind, purpose, now).map(|proved| (user, proved)));
    let at = |fields: &[(&str, &str)]| Ok(Done::reply(Reply::Redirect(told(&to, fields, is_pkce))));
    match proved {
        Err(refusal) => {
            let code = refusal.code().unwrap_or_default();
            let error = if refusal.status == 403 { "access_denied" } else { "invalid_request" };
            at(&[("error", error), ("error_code", code), ("error_description", refusal.message()), ("sb", "")])
        }
        Ok((_, Proved::Half)) => at(&[("message", HALF), ("sb", "")]),
        Ok((user, Proved::Whole)) if is_pkce => {
            let method = if kind == "signup" { "email/signup" } else { kind.as_str() };
            match state.code_of(user, method) {
                Some(code) => Ok(Done::reply(Reply::Redirect(asking(&to, &[("code", code.as_str())])))),
                None => at(&[
                    ("error_code", "flow_state_not_found"),
                    ("error_description", "No associated flow state found."),
                    ("sb", ""),
                ]),
            }
        }
        Ok((user, Proved::Whole)) => {
            let session = state.begin(user, "otp", now)?;
            Ok(Done::reply(Reply::Session(Issue {
                user,
                session,
                method: "otp",
                redirect: Some((to, kind)),
                weak: None,
            })))
        }
    }
}

/// Whose code of a kind this is, sent to a contact.
fn coded(
    state: &State,
    call: &Call<'_>,
    kind: &str,
    contact: &Contact,
    code: &str,
    now: Timestamp,
) -> Result<(Uuid, Purpose), Refusal> {
    let (text, is_phone) = match contact {
        Contact::Email(text) => (text, false),
        Contact::Phone(text) => (text, true),
    };
    let purposes = purposes(kind).filter(|_| is_phone == matches!(kind, "sms" | "phone_change"));
    let purposes = purposes.ok_or_else(|| Refusal::invalid("Unsupported verification type"))?;
    let hash = token_hash(text, code);
    // A new contact isn't theirs yet, so it is the code that finds them; the hash holds the contact.
    let found = match kind {
        "email_change" | "phone_change" => {
            let linked = [hash.clone(), format!("{PREFIX}{hash}")];
            linked.iter().find_map(|hash| state.sent(purposes, hash)).map(|(user, _)| user)
        }
        _ => state.find(call.audience_in(state), contact),
    };
    let user = state.user(found.ok_or_else(|| Refusal::expired(CODE))?)?;
    if user.is_banned(now) {
        return Err(Refusal::new(403, "user_banned", "User is banned"));
    }
    let life = if is_phone { state.settings.sms_otp_exp } else { state.settings.mailer_otp_exp };
    let held = purposes.iter().copied().find(|purpose| user.holds(*purpose, &hash, life, now));
    held.map(|purpose| (user.id, purpose)).ok_or_else(|| Refusal::expired(CODE))
}

/// Whose link of a kind this is.
fn linked(state: &State, kind: &str, hash: &str, now: Timestamp) -> Result<(Uuid, Purpose), Refusal> {
    let purposes = purposes(kind).filter(|_| !matches!(kind, "sms" | "phone_change"));
    let purposes = purposes.ok_or_else(|| Refusal::invalid("Invalid email verification type"))?;
    let (id, purpose) = state.sent(purposes, hash).ok_or_else(|| Refusal::expired(LINK))?;
    let user = state.user(id)?;
    if user.is_banned(now) {
        return Err(Refusal::new(403, "user_banned", "User is banned"));
    }
    if !user.holds(purpose, hash, state.settings.mailer_otp_exp, now) {
        return Err(Refusal::expired(LINK));
    }
    Ok((id, purpose))
}

/// How much of it is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proved {
    Half,
    Whole,
}

/// A code was right.
fn prove(state: &mut State, user: Uuid, kind: &str, purpose: Purpose, now: Timestamp) -> Result<Proved, Refusal> {
    let is_both = state.settings.secure_email_change;
    let them = state.user_mut(user, now)?;
    match purpose {
        Purpose::EmailChangeCurrent | Purpose::EmailChangeNew => {
            if is_both && !them.is_half_changed && !them.email.is_empty() {
                them.is_half_changed = true;
                if let Some(code) = them.one_time.get_mut(&purpose) {
                    code.hash = None;
                }
                return Ok(Proved::Half);
            }
            them.email = std::mem::take(&mut them.new_email);
            them.is_half_changed = false;
            them.confirm("email", now);
        }
        Purpose::PhoneChange => {
            them.phone = std::mem::take(&mut them.new_phone);
            them.confirm("phone", now);
        }
        // A number's code lies where an address's does.
        Purpose::Confirmation | Purpose::Recovery if kind == "sms" => them.confirm("phone", now),
        Purpose::Confirmation | Purpose::Recovery if them.email_confirmed_at.is_none() => them.confirm("email", now),
        Purpose::Confirmation | Purpose::Recovery => them.forget_codes(),
    }
    Ok(Proved::Whole)
}

/// An address that tells something behind its `#`, and with a challenge also in its query.
fn told(to: &str, fields: &[(&str, &str)], is_pkce: bool) -> String {
    let asked: Vec<(&str, &str)> = fields.iter().copied().filter(|(name, _)| is_pkce && *name != "sb").collect();
    let to = if asked.is_empty() { to.to_owned() } else { asking(to, &asked) };
    format!("{to}#{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

fn asking(to: &str, fields: &[(&str, &str)]) -> String {
    match Url::parse(to) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(fields);
            url.to_string()
        }
        Err(_) => to.to_owned(),
    }
}
