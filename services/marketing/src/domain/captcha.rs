//! What was found out about whoever filled in a form. In come answers of a captcha's vendor; out go verdicts. Pure. Must not hold a token: it is a secret of two
//! minutes.

use serde::Deserialize;

use super::work::Solved;

/// Which form, in the words that vendors allow for an action: letters and underscores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An address is left.
    EmailCapture,
    /// A message is written.
    Contact,
}

impl Action {
    /// Its name, which a page gives the vendor's widget.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailCapture => "email_capture",
            Self::Contact => "contact",
        }
    }
}

/// Whoever filled in the form passed. This is what is stored of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// By whom, and how: `passed:proof-of-work`, `passed:turnstile`, `passed:recaptcha`.
    pub verdict: &'static str,
    /// How much like a person, from 0 to 1, where the vendor says so.
    pub score: Option<f32>,
    /// What the page was about to do, in its own words, where it said so.
    pub action: Option<String>,
    /// The page's host, where the vendor says so.
    pub hostname: Option<String>,
    /// The proof of work that this used up.
    pub solved: Option<Solved>,
}

/// Why somebody didn't pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing was sent.
    #[error("the form needs a solved captcha")]
    Missing,
    /// What was sent is no token.
    #[error("this is no token of the captcha")]
    Malformed,
    /// It was right once.
    #[error("the token was used before, or is too old; solve the captcha again")]
    Over,
    /// It is not right.
    #[error("the captcha was not passed")]
    Failed,
    /// It is right, for somebody else's page.
    #[error("the captcha was solved on another website")]
    Hostname,
    /// It is right, for another form.
    #[error("the captcha was solved for another form")]
    Action,
    /// The vendor takes the visitor for a program.
    #[error("the captcha was not passed well enough")]
    Score,
}

/// What a vendor must say for somebody to pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The website's hosts, small letters.
    pub hostnames: Vec<String>,
    /// The least score, where there is one.
    pub least_score: f32,
}

/// What a vendor said, as both of them say it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Said {
    /// Whether the token is right.
    pub success: bool,
    /// The page's host.
    pub hostname: Option<String>,
    /// What the page was about to do.
    pub action: Option<String>,
    /// How much like a person.
    pub score: Option<f32>,
    /// What is wrong.
    #[serde(rename = "error-codes", default)]
    pub error_codes: Vec<String>,
}

impl Said {
    /// Whether it is we who are refused, not the visitor: the secret is wrong, or the vendor is unwell.
    #[must_use]
    pub fn is_about_us(&self) -> bool {
        let ours = ["missing-input-secret", "invalid-input-secret", "bad-request", "internal-error"];
        !self.success && self.error_codes.iter().any(|code| ours.contains(&code.as_str()))
    }

    /// Whether the visitor passed. A host must be one of ours; an action that is said must be this form's, and a score that is said high enough. What a page
    /// doesn't tell its vendor the vendor can't tell us: checkboxes have no score, and the second version of reCAPTCHA no action.
    ///
    /// # Errors
    /// The visitor didn't, and why.
    pub fn judge(self, verdict: &'static str, action: Action, bar: &Bar) -> Result<Passed, Refused> {
        if !self.success {
            let is_over = self.error_codes.iter().any(|code| code == "timeout-or-duplicate");
            return Err(if is_over { Refused::Over } else { Refused::Failed });
        }
        let hostname = self.hostname.filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase());
        if !hostname.as_ref().is_some_and(|name| bar.hostnames.contains(name)) {
            return Err(Refused::Hostname);
        }
        let said = self.action.filter(|name| !name.is_empty());
        if said.as_deref().is_some_and(|name| name != action.name()) {
            return Err(Refused::Action);
        }
        // Not a number is not enough either.
        if self.score.is_some_and(|score| !(bar.least_score..=1.0).contains(&score)) {
            return Err(Refused::Score);
        }
        Ok(Passed { verdict, score: self.score, action: said, hostname, solved: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(said: serde_json::Value) -> Result<Passed, Refused> {
        let bar = Bar { hostnames: vec!["www.example.com".to_owned()], least_score: 0.5 };
        serde_json::from_value::<Said>(said).unwrap().judge("passed:recaptcha", Action::Contact, &bar)
    }

    #[test]
    fn all_of_it_has_to_fit() {
        let good =
            serde_json::json!({ "success": true, "hostname": "WWW.example.com", "action": "contact", "score": 0.9 });
        let passed = judge(good.clone()).unwrap();
        assert_eq!((passed.action.as_deref(), passed.score), (Some("contact"), Some(0.9)));
        let with = |field: &str, value: serde_json::Value| {
            let mut said = good.clone();
            said[field] = value;
            judge(said)
        };
        for (field, value, expected) in [
            ("hostname", "evil.example".into(), Refused::Hostname),
            ("hostname", serde_json::Value::Null, Refused::Hostname),
            ("action", "email_capture".into(), Refused::Action),
            ("score", 0.4.into(), Refused::Score),
            ("score", 1.1.into(), Refused::Score),
            ("success", false.into(), Refused::Failed),
        ] {
            assert_eq!(with(field, value), Err(expected), "{field}");
        }
        // A checkbox has neither, and Turnstile says nothing as an empty text.
        let plain = serde_json::json!({ "success": true, "hostname": "www.example.com", "action": "" });
        assert_eq!(judge(plain).unwrap().action, None);
    }

    #[test]
    fn a_wrong_secret_is_no_visitor_s_fault() {
        let of = |code: &str| Said { error_codes: vec![code.to_owned()], ..Said::default() };
        for code in ["missing-input-secret", "invalid-input-secret", "bad-request", "internal-error"] {
            assert!(of(code).is_about_us(), "{code}");
        }
        for code in ["invalid-input-response", "timeout-or-duplicate"] {
            assert!(!of(code).is_about_us(), "{code}");
        }
        let over = serde_json::json!({ "success": false, "error-codes": ["timeout-or-duplicate"] });
        assert_eq!(judge(over), Err(Refused::Over));
    }
}
