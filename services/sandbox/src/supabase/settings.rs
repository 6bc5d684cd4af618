//! What a project at Supabase can set, in the words of GoTrue where it has some. In: JSON. Out: settings, or what is wrong with them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// Everything that can be set. Times are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The `iss` of tokens, below which the routes are for those outside: links in mails begin with it.
    pub issuer: String,
    /// The `aud` of whoever signs up. Others are for those whom an administrator makes.
    pub audience: String,
    /// Where links lead to unless told otherwise.
    pub site_url: String,
    /// Where links may lead besides: whole addresses, or beginnings that end in `*`.
    pub uri_allow_list: Vec<String>,
    /// How long an access token is good.
    pub jwt_exp: u32,
    /// Nobody signs up by themselves.
    pub disable_signup: bool,
    /// People without any contact may sign up.
    pub anonymous_users: bool,
    /// Addresses need no proof.
    pub mailer_autoconfirm: bool,
    /// Telephones need no proof.
    pub sms_autoconfirm: bool,
    /// A change of address is confirmed at both.
    pub secure_email_change: bool,
    /// How long a code in a mail is good.
    pub mailer_otp_exp: u32,
    /// How long a code in a text is good.
    pub sms_otp_exp: u32,
    /// The least between two messages to the same person for the same purpose.
    pub max_frequency: u32,
    /// How long a refresh token that was used already still gives the present one, however old it is.
    pub refresh_token_reuse_interval: u32,
    /// Shortest password, in bytes.
    pub password_min_length: usize,
    /// How often things may be asked.
    pub rate_limits: RateLimits,
    /// Who is asked instead.
    pub hooks: Hooks,
}

/// How often things may be asked. All but the first two hold for each address in `X-Forwarded-For`, and not at all without that header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// Mails in an hour.
    pub email_sent: u32,
    /// Texts in an hour.
    pub sms_sent: u32,
    /// Sign-ups, codes, recoveries and changes in five minutes, each.
    pub otp: u32,
    /// Checked codes in five minutes.
    pub verify: u32,
    /// Tokens in five minutes.
    pub token_refresh: u32,
    /// People without contacts in an hour.
    pub anonymous_users: u32,
    /// Challenges, and answers to them, in a minute.
    pub mfa: u32,
}

/// Hooks that are on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// Carries texts.
    pub send_sms: Option<Hook>,
    /// Carries mails.
    pub send_email: Option<Hook>,
    /// Has the last word on what a token says.
    pub customize_access_token: Option<Hook>,
}

/// Where a hook lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Its address.
    pub url: Url,
    /// With which it is signed: `v1,whsec_` and base64, one or several.
    pub secrets: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080/supabase/auth/v1".to_owned(),
            audience: "authenticated".to_owned(),
            site_url: "http://localhost:3000".to_owned(),
            uri_allow_list: Vec::new(),
            jwt_exp: 3_600,
            disable_signup: false,
            anonymous_users: false,
            mailer_autoconfirm: false,
            sms_autoconfirm: false,
            secure_email_change: true,
            mailer_otp_exp: 3_600,
            sms_otp_exp: 60,
            max_frequency: 60,
            refresh_token_reuse_interval: 10,
            password_min_length: 6,
            rate_limits: RateLimits::default(),
            hooks: Hooks::default(),
        }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { email_sent: 30, sms_sent: 30, otp: 30, verify: 30, token_refresh: 150, anonymous_users: 30, mfa: 15 }
    }
}

impl Settings {
    /// These settings with the fields of `changes` in place of their own, fields of fields included; null gives a default back.
    ///
    /// # Errors
    /// What can't be used, for a person.
    pub fn with(&self, changes: &Value) -> Result<Self, String> {
        if !changes.is_object() {
            return Err("an object is expected".to_owned());
        }
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        merge(&mut all, changes);
        let settings: Self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        let hooks = &settings.hooks;
        let all = [&hooks.send_sms, &hooks.send_email, &hooks.customize_access_token];
        for hook in all.into_iter().flatten() {
            if hook.secrets.is_empty() || hook.secrets.iter().any(|secret| super::hook::key(secret).is_none()) {
                return Err("a hook's secrets are at least one, each `v1,whsec_` and base64".to_owned());
            }
        }
        Ok(settings)
    }
}

/// A field that is null is left out, and so gets its default.
fn merge(into: &mut Value, changes: &Value) {
    let (Value::Object(into), Value::Object(changes)) = (into, changes) else { return };
    for (name, change) in changes {
        // A hook is one thing: half of an old one and half of a new one is neither.
        let is_deep = into.get(name).is_some_and(|old| old.is_object() && old.get("secrets").is_none());
        if change.is_null() {
            into.remove(name);
        } else if let Some(old) = into.get_mut(name).filter(|_| is_deep && change.is_object()) {
            merge(old, change);
        } else {
            into.insert(name.clone(), change.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_leave_the_rest() {
        let first = Settings::default().with(&json!({"jwt_exp": 5, "rate_limits": {"otp": 1}})).unwrap();
        assert_eq!((first.jwt_exp, first.rate_limits.otp, first.rate_limits.verify), (5, 1, 30));
        let hook = json!({"url": "http://a.example/", "secrets": ["v1,whsec_c2VjcmV0"]});
        let second = first.with(&json!({"hooks": {"send_sms": hook}})).unwrap();
        assert_eq!((second.jwt_exp, second.hooks.send_sms.is_some()), (5, true));
        let third = second.with(&json!({"jwt_exp": null, "hooks": {"send_sms": null}})).unwrap();
        assert_eq!((third.jwt_exp, third.hooks.send_sms), (3_600, None));
        for bad in [
            json!({"jwt_expiry": 5}),
            json!({"jwt_exp": -1}),
            json!([]),
            json!({"hooks": {"send_sms": {"url": "http://a.example/", "secrets": []}}}),
            json!({"hooks": {"send_sms": {"url": "http://a.example/", "secrets": ["whsec_c2VjcmV0"]}}}),
            json!({"hooks": {"send_sms": {"url": "nowhere", "secrets": ["v1,whsec_c2VjcmV0"]}}}),
        ] {
            assert!(Settings::default().with(&bad).is_err(), "{bad}");
        }
    }
}
