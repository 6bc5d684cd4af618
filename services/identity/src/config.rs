//! The service's own settings. In comes the environment; out go settings, or mistakes that the kit tells together.
//! Must not open anything.

use rerp_kit::config::Env;
use secrecy::SecretString;
use url::Url;

use crate::confirmations::Answers;
use crate::domain::otp::OtpKey;

/// How many codes each channel may send on a day, unless told otherwise.
const MOST_A_DAY: i32 = 10_000;

/// Settings of verification.
#[derive(Debug, Clone)]
pub struct VerificationSettings {
    /// For digests.
    pub key: OtpKey,
    /// Codes per channel and day.
    pub most_a_day: i32,
    /// Where Resend is.
    pub resend: Url,
    /// Its API key.
    pub resend_key: SecretString,
    /// Sender of mail.
    pub mail_from: String,
    /// Where Twilio is.
    pub twilio: Url,
    /// The account's identifier.
    pub twilio_account: String,
    /// Its token.
    pub twilio_token: SecretString,
    /// Sender of texts.
    pub text_from: String,
    /// The page that takes invitations; none where nobody is invited.
    pub invitations: Option<Url>,
    /// Where questions lead whether something was meant; none where nobody is asked.
    pub confirmations: Option<Answers>,
}

impl VerificationSettings {
    /// None when `RERP_OTP_KEY` is absent: the routes don't exist then. What is missing otherwise is a mistake.
    pub fn read(env: &mut Env) -> Option<Self> {
        let key = env.text("RERP_OTP_KEY").map(OtpKey::new)?;
        if key.is_none() {
            env.mistake("RERP_OTP_KEY", "too short; expected at least 32 characters from a random source");
        }
        let resend = address(env, "RERP_RESEND_ADDRESS", "https://api.resend.com");
        let twilio = address(env, "RERP_TWILIO_ADDRESS", "https://api.twilio.com");
        let most_a_day = env.parse("RERP_OTP_DAILY", MOST_A_DAY, "a number of codes per day");
        let (invitations, confirmations) = (page(env, "RERP_INVITATION_PAGE"), answers(env));
        let names = [
            "RERP_RESEND_KEY",
            "RERP_RESEND_FROM",
            "RERP_TWILIO_ACCOUNT_SID",
            "RERP_TWILIO_AUTH_TOKEN",
            "RERP_TWILIO_FROM",
        ];
        let [resend_key, mail_from, twilio_account, twilio_token, text_from] = names.map(|name| needed(env, name));
        Some(Self {
            key: key?,
            most_a_day,
            resend: resend?,
            resend_key: resend_key?.into(),
            mail_from: mail_from?,
            twilio: twilio?,
            twilio_account: twilio_account?,
            twilio_token: twilio_token?.into(),
            text_from: text_from?,
            invitations,
            confirmations,
        })
    }
}

fn address(env: &mut Env, name: &str, default: &str) -> Option<Url> {
    let url = Url::parse(env.text(name).unwrap_or(default)).ok().filter(|url| url.has_host());
    if url.is_none() {
        env.mistake(name, format!("expected an address such as {default}"));
    }
    url
}

/// A page that takes tokens. The token is put behind a `#`, which browsers tell nobody.
fn page(env: &mut Env, name: &str) -> Option<Url> {
    let text = env.text(name)?;
    let page = Url::parse(text).ok().filter(|url| url.has_host() && url.fragment().is_none());
    if page.is_none() {
        env.mistake(name, "expected an address such as https://portal.example.com/invitation");
    }
    page
}

/// Both or none: nobody is asked who couldn't say in one step that nothing more is wanted.
fn answers(env: &mut Env) -> Option<Answers> {
    let is_half = env.text("RERP_CONFIRMATION_PAGE").is_some() != env.text("RERP_UNSUBSCRIBE_ADDRESS").is_some();
    if is_half {
        env.mistake("RERP_CONFIRMATION_PAGE", "goes with RERP_UNSUBSCRIBE_ADDRESS: both are set, or none");
    }
    let (page, unsubscribe) = (page(env, "RERP_CONFIRMATION_PAGE"), page(env, "RERP_UNSUBSCRIBE_ADDRESS"));
    Some(Answers { page: page?, unsubscribe: unsubscribe? })
}

fn needed(env: &mut Env, name: &str) -> Option<String> {
    let text = env.text(name).map(str::to_owned);
    if text.is_none() {
        env.mistake(name, "not set; verification, switched on by RERP_OTP_KEY, needs it");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_is_off_or_complete() {
        let mut env = Env::of([]);
        assert!(VerificationSettings::read(&mut env).is_none() && env.finish().is_ok());
        let half = ("RERP_CONFIRMATION_PAGE", "https://www.example.com/confirm");
        let mut env = Env::of([("RERP_OTP_KEY", "short"), ("RERP_RESEND_ADDRESS", "resend"), half]);
        assert!(VerificationSettings::read(&mut env).is_none());
        let mistakes = env.finish().unwrap_err().to_string();
        for name in [
            "RERP_OTP_KEY:",
            "RERP_RESEND_ADDRESS:",
            "RERP_RESEND_KEY:",
            "RERP_TWILIO_AUTH_TOKEN:",
            "RERP_CONFIRMATION_PAGE:",
        ] {
            assert!(mistakes.contains(name), "{mistakes}");
        }
    }
}
