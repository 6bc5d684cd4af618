//! The service's own settings. In comes the environment; out go settings, or mistakes that the kit tells together.
//! Must not open anything.

use rerp_kit::config::Env;
use secrecy::SecretString;
use url::Url;

/// How to reach Stripe, and how to know it.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// Where it is.
    pub base: Url,
    /// The secret key.
    pub key: SecretString,
    /// Secrets of the webhook's endpoint: two while one replaces the other.
    pub webhook_secrets: Vec<SecretString>,
    /// What people's browsers show Stripe, if they are to be told.
    pub publishable_key: Option<String>,
}

impl StripeSettings {
    /// None when something is missing or wrong, which is a mistake by then.
    pub fn read(env: &mut Env) -> Option<Self> {
        let default = "https://api.stripe.com";
        let base = Url::parse(env.text("RERP_STRIPE_ADDRESS").unwrap_or(default)).ok().filter(Url::has_host);
        if base.is_none() {
            env.mistake("RERP_STRIPE_ADDRESS", format!("expected an address such as {default}"));
        }
        let key = env.text("RERP_STRIPE_KEY").map(SecretString::from);
        if key.is_none() {
            env.mistake("RERP_STRIPE_KEY", "not set; expected the secret key of an account at Stripe");
        }
        let secrets = env.text("RERP_STRIPE_WEBHOOK_SECRETS").unwrap_or_default();
        let secrets = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty());
        let webhook_secrets: Vec<SecretString> = secrets.map(SecretString::from).collect();
        if webhook_secrets.is_empty() {
            env.mistake(
                "RERP_STRIPE_WEBHOOK_SECRETS",
                "not set; expected the endpoint's secret, or two with a comma between",
            );
        }
        let publishable_key = env.text("RERP_STRIPE_PUBLISHABLE_KEY").map(str::to_owned);
        // Everybody is shown it: a secret key in its place would be given away.
        if publishable_key.as_ref().is_some_and(|key| !key.starts_with("pk_")) {
            env.mistake(
                "RERP_STRIPE_PUBLISHABLE_KEY",
                "expected the publishable key of the account, which begins with pk_",
            );
        }
        Some(Self { base: base?, key: key?, webhook_secrets, publishable_key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_at_once() {
        let mut env = Env::of([("RERP_STRIPE_ADDRESS", "stripe"), ("RERP_STRIPE_PUBLISHABLE_KEY", "sk_live_1")]);
        assert!(StripeSettings::read(&mut env).is_none());
        let mistakes = env.finish().unwrap_err().to_string();
        for name in
            ["RERP_STRIPE_ADDRESS:", "RERP_STRIPE_KEY:", "RERP_STRIPE_WEBHOOK_SECRETS:", "RERP_STRIPE_PUBLISHABLE_KEY:"]
        {
            assert!(mistakes.contains(name), "{mistakes}");
        }
        assert!(!mistakes.contains("sk_live_1"), "{mistakes}");
        let all = [("RERP_STRIPE_KEY", "sk_test_1"), ("RERP_STRIPE_WEBHOOK_SECRETS", "whsec_1, whsec_2,")];
        let settings = StripeSettings::read(&mut Env::of(all)).unwrap();
        assert_eq!((settings.webhook_secrets.len(), settings.base.as_str()), (2, "https://api.stripe.com/"));
    }
}
