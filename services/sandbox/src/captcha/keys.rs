//! Secrets of the vendors of captchas, those for tests among them. In: a secret. Out: what it does. Sources:
//! <https://developers.cloudflare.com/turnstile/troubleshooting/testing/>, <https://developers.google.com/recaptcha/docs/faq>.

use serde::Deserialize;

/// Which vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Google's.
    Recaptcha,
    /// Cloudflare's.
    Turnstile,
}

/// What a secret does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    /// It is a website's: tokens decide.
    Real,
    /// For tests: whatever token passes, on this host.
    Passes(&'static str),
    /// For tests: none passes.
    Fails,
    /// For tests: every token was used before.
    Spent,
    /// It has not the form of a secret.
    Unknown,
}

impl Kind {
    pub(super) fn secret(self, text: &str) -> Secret {
        match (self, text) {
            (Self::Recaptcha, "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe") => Secret::Passes("testkey.google.com"),
            (Self::Recaptcha, _) if text.len() == 40 && text.starts_with("6L") => Secret::Real,
            (Self::Turnstile, "1x0000000000000000000000000000000AA") => Secret::Passes("example.com"),
            (Self::Turnstile, "2x0000000000000000000000000000000AA") => Secret::Fails,
            (Self::Turnstile, "3x0000000000000000000000000000000AA") => Secret::Spent,
            (Self::Turnstile, _) if text.len() == 35 && text.starts_with("0x4") => Secret::Real,
            _ => Secret::Unknown,
        }
    }

    /// How long a token is good for.
    pub(super) fn lifetime_s(self) -> i64 {
        match self {
            Self::Recaptcha => 120,
            Self::Turnstile => 300,
        }
    }

    /// What tokens begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Recaptcha => "03AFcWeA",
            Self::Turnstile => "0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_secrets_do_as_documented() {
        for (kind, text, secret) in [
            (Kind::Recaptcha, "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", Secret::Passes("testkey.google.com")),
            (Kind::Turnstile, "1x0000000000000000000000000000000AA", Secret::Passes("example.com")),
            (Kind::Turnstile, "2x0000000000000000000000000000000AA", Secret::Fails),
            (Kind::Turnstile, "3x0000000000000000000000000000000AA", Secret::Spent),
            (Kind::Recaptcha, "1x0000000000000000000000000000000AA", Secret::Unknown),
            (Kind::Turnstile, "secret", Secret::Unknown),
        ] {
            assert_eq!(kind.secret(text), secret, "{text}");
        }
    }
}
