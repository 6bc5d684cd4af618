//! Twilio's Messages resource. In: credentials and forms. Out: messages and errors in Twilio's own words.
//! Sources: <https://www.twilio.com/docs/messaging/api/message-resource>, <https://www.twilio.com/docs/api/errors>, and for the numbers
//! that always fail in the same way <https://www.twilio.com/docs/iam/test-credentials>.

use super::mailbox::{Channel, MOST_MESSAGES, Mailbox, Message};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Longest text, in characters.
const LONGEST: usize = 1_600;
/// Plain characters in a text of one part, and in each part of a longer one.
const SEGMENT: usize = 160;
const PART: usize = 153;
/// The version in Twilio's paths.
pub const VERSION: &str = "2010-04-01";

/// Receivers that fail, whoever sends.
const BAD_RECEIVERS: [(&str, u32, &str); 5] = [
    ("+15005550001", 21211, "is not a valid phone number"),
    ("+15005550002", 21612, "can't be reached from this sender"),
    ("+15005550003", 21408, "lies in a region the account has no permission for"),
    ("+15005550004", 21610, "does not want messages"),
    ("+15005550009", 21614, "is not a mobile number"),
];
/// Senders that fail.
const BAD_SENDERS: [(&str, u32, &str); 3] = [
    ("+15005550001", 21212, "is not a valid phone number"),
    ("+15005550007", 21606, "is not a number of this account that can send"),
    ("+15005550008", 21611, "has a full queue"),
];

/// An error as Twilio answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Its number in Twilio's list.
    pub code: u32,
    /// For people.
    pub message: String,
    /// Where the list explains it.
    pub more_info: String,
    /// The status of the answer.
    pub status: u16,
}

fn refusal(status: u16, code: u32, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into(), more_info: format!("https://www.twilio.com/docs/errors/{code}"), status }
}

/// A message as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Text {
    account_sid: String,
    api_version: &'static str,
    body: String,
    date_created: String,
    date_sent: Option<String>,
    date_updated: String,
    direction: &'static str,
    error_code: Option<u32>,
    error_message: Option<String>,
    from: String,
    messaging_service_sid: Option<String>,
    num_media: &'static str,
    num_segments: String,
    price: Option<String>,
    price_unit: &'static str,
    /// Its identifier.
    pub sid: String,
    /// What became of it: `queued` in the answer to its sender, then `delivered`.
    pub status: &'static str,
    subresource_uris: BTreeMap<&'static str, String>,
    to: String,
    uri: String,
}

/// Everything Twilio remembers.
#[derive(Debug, Default)]
pub struct Twilio {
    texts: Mutex<HashMap<String, Text>>,
}

impl Twilio {
    /// Sends a text. `path` is the account in the path, `login` name and password of the request.
    ///
    /// # Errors
    /// Twilio's.
    pub fn send(
        &self,
        path: &str,
        login: Option<(&str, &str)>,
        form: &HashMap<String, String>,
        mailbox: &Mailbox,
    ) -> Result<Text, Refusal> {
        let account = known(path, login)?;
        let [to, from, body] = ["To", "From", "Body"].map(|name| form.get(name).filter(|value| !value.is_empty()));
        let to = to.ok_or_else(|| refusal(400, 21604, "A 'To' phone number is required."))?;
        let from = from.ok_or_else(|| refusal(400, 21603, "A 'From' phone number is required."))?;
        let body = body.ok_or_else(|| refusal(400, 21602, "Message body is required."))?;
        valid(("From", from), &BAD_SENDERS, 21212)?;
        valid(("To", to), &BAD_RECEIVERS, 21211)?;
        if to == from {
            return Err(refusal(400, 21266, "'To' and 'From' number cannot be the same"));
        }
        if body.chars().count() > LONGEST {
            return Err(refusal(400, 21617, format!("The message body exceeds the {LONGEST} character limit.")));
        }
        let now = Timestamp::now();
        let text = text(account, to, from, body, now);
        mailbox.put(Message {
            id: text.sid.clone(),
            channel: Channel::Sms,
            to: to.clone(),
            from: from.clone(),
            subject: None,
            text: body.clone(),
            at: now,
        });
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() >= MOST_MESSAGES {
            texts.clear();
        }
        let delivered = Text { status: "delivered", date_sent: Some(text.date_created.clone()), ..text.clone() };
        texts.insert(text.sid.clone(), delivered);
        Ok(text)
    }

    /// A message of the account.
    ///
    /// # Errors
    /// Twilio's.
    pub fn find(&self, path: &str, login: Option<(&str, &str)>, sid: &str) -> Result<Text, Refusal> {
        let account = known(path, login)?;
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let text = texts.get(sid).filter(|text| text.account_sid == account).cloned();
        let uri = format!("/{VERSION}/Accounts/{account}/Messages/{sid}.json");
        text.ok_or_else(|| refusal(404, 20404, format!("The requested resource {uri} was not found")))
    }
}

/// Any account of the right form is one, with any token: the stand-in has no accounts to open.
fn known<'a>(path: &'a str, login: Option<(&str, &str)>) -> Result<&'a str, Refusal> {
    let form = path.strip_prefix("AC").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(is_hex));
    let right = login.is_some_and(|(name, token)| name == path && !token.is_empty());
    if form && right { Ok(path) } else { Err(refusal(401, 20003, "Authenticate")) }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn valid((field, number): (&str, &str), bad: &[(&str, u32, &str)], malformed: u32) -> Result<(), Refusal> {
    if let Some((_, code, why)) = bad.iter().find(|(known, _, _)| *known == number) {
        return Err(refusal(400, *code, format!("The '{field}' number {number} {why}.")));
    }
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = format!("The '{field}' number {number} is not a valid phone number.");
    if is_number { Ok(()) } else { Err(refusal(400, malformed, why)) }
}

fn text(account: &str, to: &str, from: &str, body: &str, now: Timestamp) -> Text {
    let sid = format!("SM{}", Uuid::new_v4().simple());
    let uri = format!("/{VERSION}/Accounts/{account}/Messages/{sid}");
    let date = rfc2822(now);
    Text {
        account_sid: account.to_owned(),
        api_version: VERSION,
        body: body.to_owned(),
        date_created: date.clone(),
        date_sent: None,
        date_updated: date,
        direction: "outbound-api",
        error_code: None,
        error_message: None,
        from: from.to_owned(),
        messaging_service_sid: None,
        num_media: "0",
        num_segments: segments(body.chars().count()).to_string(),
        price: None,
        price_unit: "USD",
        sid,
        status: "queued",
        subresource_uris: BTreeMap::from([("media", format!("{uri}/Media.json"))]),
        to: to.to_owned(),
        uri: format!("{uri}.json"),
    }
}

fn segments(length: usize) -> usize {
    if length <= SEGMENT { 1 } else { length.div_ceil(PART) }
}

/// `Thu, 26 Nov 2026 17:00:00 +0000`, as Twilio writes times.
fn rfc2822(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "AC00000000000000000000000000000001";
    const LOGIN: Option<(&str, &str)> = Some((ACCOUNT, "token"));

    fn form(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_text_is_queued_and_then_delivered() {
        let (twilio, mailbox) = (Twilio::default(), Mailbox::default());
        let form = form(&[("To", "+491701234567"), ("From", "+15005550006"), ("Body", &"x".repeat(161))]);
        let sent = twilio.send(ACCOUNT, LOGIN, &form, &mailbox).unwrap();
        assert_eq!((sent.status, sent.num_segments.as_str(), sent.sid.len()), ("queued", "2", 34));
        assert_eq!(mailbox.of("+491701234567")[0].id, sent.sid);
        assert_eq!(twilio.find(ACCOUNT, LOGIN, &sent.sid).unwrap().status, "delivered");
        let other = "AC00000000000000000000000000000002";
        assert_eq!(twilio.find(other, Some((other, "t")), &sent.sid).unwrap_err().code, 20404);
        assert_eq!(rfc2822(Timestamp::UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 +0000");
    }

    #[test]
    fn a_text_of_several_parts_has_smaller_ones() {
        assert_eq!([1, 160, 161, 306, 307].map(segments), [1, 1, 2, 2, 3]);
    }

    #[test]
    fn what_twilio_refuses_is_refused_by_its_numbers() {
        let (twilio, mailbox) = (Twilio::default(), Mailbox::default());
        let (to, from) = ("+491701234567", "+15005550006");
        let long = "x".repeat(LONGEST + 1);
        for (to, from, body, code) in [
            ("", from, "x", 21604),
            (to, "", "x", 21603),
            (to, from, "", 21602),
            ("0170", from, "x", 21211),
            ("+4917x1234567", from, "x", 21211),
            (to, "us", "x", 21212),
            (from, from, "x", 21266),
            (to, from, &long, 21617),
            ("+15005550009", from, "x", 21614),
            (to, "+15005550008", "x", 21611),
        ] {
            let form = form(&[("To", to), ("From", from), ("Body", body)]);
            let refusal = twilio.send(ACCOUNT, LOGIN, &form, &mailbox).unwrap_err();
            assert_eq!((refusal.status, refusal.code), (400, code), "{to} {from}");
        }
        for (path, login) in [
            (ACCOUNT, None),
            (ACCOUNT, Some((ACCOUNT, ""))),
            (ACCOUNT, Some(("AC1", "t"))),
            ("AC1", Some(("AC1", "t"))),
        ] {
            let refusal = twilio.send(path, login, &form(&[]), &mailbox).unwrap_err();
            assert_eq!((refusal.status, refusal.code), (401, 20003));
        }
    }
}
