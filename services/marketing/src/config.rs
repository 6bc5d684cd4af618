//! The service's own settings. In comes the environment; out go settings, or mistakes that the kit tells together.
//! Must not open anything.

use rerp_kit::config::Env;
use secrecy::SecretString;
use url::Url;

use crate::captcha::Captcha;
use crate::client::siteverify::{Provider, SiteVerify};
use crate::domain::captcha::Bar;
use crate::domain::confirmation::Keys;
use crate::domain::work::{USUAL_WORK, WorkKey};

/// The least score of a visitor, unless told otherwise: what Google proposes to begin with.
const USUAL_SCORE: f32 = 0.5;

/// How visitors are told from programs.
#[derive(Debug, Clone)]
pub enum CaptchaSettings {
    /// Not at all.
    Off,
    /// By a proof of work.
    Work {
        /// Signs challenges.
        key: WorkKey,
        /// How far the number may be looked for.
        most: u32,
    },
    /// By a vendor's word.
    Vendor {
        /// Which.
        provider: Provider,
        /// Where it is.
        base: Url,
        /// The website's secret there.
        secret: SecretString,
        /// What it must say.
        bar: Bar,
    },
}

impl CaptchaSettings {
    /// Off unless told otherwise. A key alone switches the proof of work on, which needs nobody else. What is missing or wrong is a mistake.
    pub fn read(env: &mut Env) -> Self {
        let name = env.text("RERP_CAPTCHA").map(str::to_owned);
        let read = match name.as_deref() {
            None if env.text("RERP_CAPTCHA_KEY").is_some() => work(env),
            None | Some("off") => Some(Self::Off),
            Some("proof-of-work") => work(env),
            Some("turnstile") => vendor(env, Provider::Turnstile),
            Some("recaptcha") => vendor(env, Provider::Recaptcha),
            Some(_) => {
                env.mistake("RERP_CAPTCHA", "expected off, proof-of-work, turnstile or recaptcha");
                None
            }
        };
        read.unwrap_or(Self::Off)
    }

    /// Ready to be asked; `http` is what a vendor is asked with.
    #[must_use]
    pub fn open(self, http: reqwest::Client) -> Captcha {
        match self {
            Self::Off => Captcha::Off,
            Self::Work { key, most } => Captcha::Work { key, most },
            Self::Vendor { provider, base, secret, bar } => {
                Captcha::Vendor { vendor: SiteVerify { http, provider, base, secret }, bar }
            }
        }
    }
}

fn work(env: &mut Env) -> Option<CaptchaSettings> {
    let key = env.text("RERP_CAPTCHA_KEY").and_then(WorkKey::new);
    if key.is_none() {
        env.mistake("RERP_CAPTCHA_KEY", "missing or too short; expected at least 32 characters from a random source");
    }
    let most: u32 = env.parse("RERP_CAPTCHA_WORK", USUAL_WORK, "a number from 1000 to 10000000");
    if !(1000..=10_000_000).contains(&most) {
        env.mistake("RERP_CAPTCHA_WORK", "expected a number from 1000 to 10000000");
    }
    Some(CaptchaSettings::Work { key: key?, most })
}

fn vendor(env: &mut Env, provider: Provider) -> Option<CaptchaSettings> {
    let base = Url::parse(env.text("RERP_CAPTCHA_ADDRESS").unwrap_or(provider.host())).ok().filter(Url::has_host);
    if base.is_none() {
        env.mistake("RERP_CAPTCHA_ADDRESS", format!("expected an address such as {}", provider.host()));
    }
    let secret = env.text("RERP_CAPTCHA_SECRET").map(SecretString::from);
    if secret.is_none() {
        env.mistake("RERP_CAPTCHA_SECRET", "not set; expected the website's secret at the captcha's vendor");
    }
    let names = env.text("RERP_CAPTCHA_HOSTNAMES").unwrap_or_default().to_ascii_lowercase();
    let hostnames: Vec<String> =
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if hostnames.is_empty() {
        env.mistake("RERP_CAPTCHA_HOSTNAMES", "not set; expected the website's hosts with commas between");
    }
    let least_score: f32 = env.parse("RERP_CAPTCHA_SCORE", USUAL_SCORE, "a number from 0 to 1");
    if !(0.0..=1.0).contains(&least_score) {
        env.mistake("RERP_CAPTCHA_SCORE", "expected a number from 0 to 1");
    }
    Some(CaptchaSettings::Vendor { provider, base: base?, secret: secret?, bar: Bar { hostnames, least_score } })
}

/// `RERP_CONFIRMATION_KEYS`: with it owners of addresses are asked by mail whether they meant what was agreed to under them. None without it.
pub fn confirmations(env: &mut Env) -> Option<Keys> {
    let keys = Keys::of(env.text("RERP_CONFIRMATION_KEYS")?);
    if keys.is_none() {
        env.mistake("RERP_CONFIRMATION_KEYS", "expected keys of at least 32 random characters with commas between");
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = ("RERP_CAPTCHA_KEY", "0123456789abcdef0123456789abcdef");

    #[test]
    fn it_is_off_unless_told_otherwise_and_a_key_is_enough() {
        let read = |env: &mut Env| (CaptchaSettings::read(env), env.finish());
        assert!(matches!(read(&mut Env::of([])), (CaptchaSettings::Off, Ok(()))));
        assert!(matches!(read(&mut Env::of([KEY, ("RERP_CAPTCHA", "off")])), (CaptchaSettings::Off, Ok(()))));
        assert!(matches!(read(&mut Env::of([KEY])), (CaptchaSettings::Work { most: USUAL_WORK, .. }, Ok(()))));
        let (_, told) = read(&mut Env::of([KEY, ("RERP_CAPTCHA_WORK", "10")]));
        assert!(told.unwrap_err().to_string().contains("RERP_CAPTCHA_WORK"));
    }

    #[test]
    fn nobody_is_asked_to_confirm_without_a_key() {
        let mut env = Env::of([]);
        assert!(confirmations(&mut env).is_none() && env.finish().is_ok());
        let mut env = Env::of([("RERP_CONFIRMATION_KEYS", "short")]);
        assert!(confirmations(&mut env).is_none());
        assert!(env.finish().unwrap_err().to_string().contains("RERP_CONFIRMATION_KEYS:"));
        assert!(confirmations(&mut Env::of([("RERP_CONFIRMATION_KEYS", KEY.1)])).is_some());
    }

    #[test]
    fn a_vendor_is_complete_or_a_mistake() {
        for (env, missing) in [
            (Env::of([("RERP_CAPTCHA", "proof-of-work")]), &["RERP_CAPTCHA_KEY"][..]),
            (Env::of([("RERP_CAPTCHA", "turnstile")]), &["RERP_CAPTCHA_SECRET", "RERP_CAPTCHA_HOSTNAMES"]),
            (
                Env::of([("RERP_CAPTCHA", "recaptcha"), ("RERP_CAPTCHA_ADDRESS", "x"), ("RERP_CAPTCHA_SCORE", "2")]),
                &["RERP_CAPTCHA_ADDRESS", "RERP_CAPTCHA_SCORE"],
            ),
            (Env::of([("RERP_CAPTCHA", "please")]), &["RERP_CAPTCHA:"]),
        ] {
            let mut env = env;
            assert!(matches!(CaptchaSettings::read(&mut env), CaptchaSettings::Off), "{missing:?}");
            let told = env.finish().unwrap_err().to_string();
            assert!(missing.iter().all(|name| told.contains(name)), "{told}");
        }
        let mut env = Env::of([
            ("RERP_CAPTCHA", "turnstile"),
            ("RERP_CAPTCHA_SECRET", "1x0000000000000000000000000000000AA"),
            ("RERP_CAPTCHA_HOSTNAMES", "WWW.example.com, example.com"),
        ]);
        let CaptchaSettings::Vendor { base, bar, .. } = CaptchaSettings::read(&mut env) else { panic!("no vendor") };
        assert_eq!((base.as_str(), bar.hostnames.len()), ("https://challenges.cloudflare.com/", 2));
        assert!(env.finish().is_ok() && bar.hostnames.contains(&"www.example.com".to_owned()));
    }
}
