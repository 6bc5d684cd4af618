//! Codes without a password: `POST /otp`, `/magiclink`, `/recover` and `/resend`. In: a contact. Out: a letter; the same answer whether anybody has it
//! or not, where GoTrue gives the same one.

use jiff::Timestamp;
use serde_json::json;

use super::call::{Call, Done, Reply};
use super::contact::{Contact, email};
use super::letter::{Action, Content, Letter, text};
use super::limits::Limit;
use super::params::Params;
use super::pkce::Challenge;
use super::refusal::Refusal;
use super::signup::{Wish, mail, register};
use super::state::State;
use super::user::Purpose;

/// `POST /otp`.
pub(super) fn otp(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    state.limits.take(Limit::Code, call.address, &state.settings.rate_limits, now)?;
    let params = Params::read(call.body)?;
    let contact = Contact::of(&params, "Only an email address or phone number should be provided")?;
    let contact = contact.ok_or_else(|| Refusal::invalid("One of email or phone must be set"))?;
    if matches!(contact, Contact::Email(_)) && !params.text("channel")?.is_empty() {
        return Err(Refusal::invalid("Channel should only be specified with Phone OTP"));
    }
    if !params.flag("create_user", true)? && state.find(call.audience_in(state), &contact).is_none() {
        return Err(Refusal::new(422, "otp_disabled", "Signups not allowed for otp"));
    }
    send(state, call, &params, contact, now)
}

/// `POST /magiclink`.
pub(super) fn magic_link(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    state.limits.take(Limit::Code, call.address, &state.settings.rate_limits, now)?;
    let params = Params::read(call.body)?;
    let contact = Contact::Email(email(params.text("email")?)?);
    send(state, call, &params, contact, now)
}

/// Whoever has not proved the contact yet signs up with it; whoever has gets a way in.
fn send(
    state: &mut State,
    call: &Call<'_>,
    params: &Params,
    contact: Contact,
    now: Timestamp,
) -> Result<Done, Refusal> {
    let challenge = Challenge::of(params)?;
    let found = state.find(call.audience_in(state), &contact);
    let known = match found {
        Some(id) if state.user(id)?.is_confirmed(&contact) => Some(id),
        _ => None,
    };
    let Some(user) = known else {
        let data = params.object("data")?.cloned().unwrap_or_default();
        let challenge = challenge.filter(|_| matches!(contact, Contact::Email(_)));
        let automatic = state.settings.mailer_autoconfirm || state.settings.sms_autoconfirm;
        let done = register(state, call, Wish { contact: contact.clone(), password: None, data, challenge }, now)?;
        return match done.reply {
            // Taken without a proof: by now they are somebody who has proved it.
            Reply::Session(_) if automatic => send(state, call, params, contact, now),
            _ => Ok(Done { reply: Reply::Document(json!({})), ..done }),
        };
    };
    match &contact {
        Contact::Email(_) => mail(state, call, user, Action::MagicLink, None, challenge, now).map(Done::sent),
        Contact::Phone(number) => {
            let letter = text(state, user, number, Purpose::Confirmation, now)?;
            Ok(sent_as(state, letter))
        }
    }
}

/// `POST /recover`.
pub(super) fn recover(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    state.limits.take(Limit::Recovery, call.address, &state.settings.rate_limits, now)?;
    let params = Params::read(call.body)?;
    if params.text("email")?.is_empty() {
        return Err(Refusal::invalid("Password recovery requires an email"));
    }
    let contact = Contact::Email(email(params.text("email")?)?);
    let challenge = Challenge::of(&params)?;
    let Some(user) = state.find(call.audience_in(state), &contact) else { return Ok(Done::document(json!({}))) };
    mail(state, call, user, Action::Recovery, None, challenge, now).map(Done::sent)
}

/// `POST /resend`.
pub(super) fn resend(state: &mut State, call: &Call<'_>, now: Timestamp) -> Result<Done, Refusal> {
    state.limits.take(Limit::Resend, call.address, &state.settings.rate_limits, now)?;
    let params = Params::read(call.body)?;
    let kind = params.text("type")?;
    if !["signup", "email_change", "sms", "phone_change"].contains(&kind) {
        return Err(Refusal::invalid("Missing one of these types: signup, email_change, sms, phone_change"));
    }
    let contact = Contact::of(&params, "Only an email address or phone number should be provided.")?;
    match (kind, &contact) {
        ("signup", None | Some(Contact::Phone(_))) => {
            return Err(Refusal::invalid("Type provided requires an email address"));
        }
        ("sms", None | Some(Contact::Email(_))) => {
            return Err(Refusal::invalid("Type provided requires a phone number"));
        }
        _ => {}
    }
    let contact = contact.ok_or_else(|| Refusal::invalid("Missing email address or phone number"))?;
    let challenge = Challenge::of(&params)?;
    let nothing = Ok(Done::document(json!({})));
    let Some(user) = state.find(call.audience_in(state), &contact) else { return nothing };
    let them = state.user(user)?;
    let (new_email, new_phone) = (them.new_email.clone(), them.new_phone.clone());
    match (kind, &contact) {
        ("signup" | "sms", contact) if them.is_confirmed(contact) => nothing,
        ("signup", _) => mail(state, call, user, Action::Signup, None, challenge, now).map(Done::sent),
        ("sms", Contact::Phone(number)) => {
            let letter = text(state, user, number, Purpose::Confirmation, now)?;
            Ok(sent_as(state, letter))
        }
        ("email_change", _) if !new_email.is_empty() => {
            mail(state, call, user, Action::EmailChange, Some(new_email), challenge, now).map(Done::sent)
        }
        ("phone_change", _) if !new_phone.is_empty() => {
            let letter = text(state, user, &new_phone, Purpose::PhoneChange, now)?;
            Ok(sent_as(state, letter))
        }
        _ => nothing,
    }
}

/// The carrier's name of a text, where the carrier isn't a hook.
fn sent_as(state: &State, letter: Letter) -> Done {
    let name = match &letter.content {
        Content::Text { envelope, .. } if state.settings.hooks.send_sms.is_none() => Some(envelope.id.clone()),
        _ => None,
    };
    let document = name.map_or_else(|| json!({}), |name| json!({ "message_id": name }));
    Done { reply: Reply::Document(document), ..Done::sent(letter) }
}
