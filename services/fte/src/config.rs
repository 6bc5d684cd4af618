//! The service's own settings. In comes the environment; out go settings, or mistakes that the kit tells together. Must not open anything.

use rerp_kit::config::Env;
use url::Url;

use crate::badge::{Issuer, Keys};

/// The variable with the address of the trading service.
const TRADING: &str = "RERP_TRADING_ADDRESS";

/// The variable with the keys that sign certificates.
const KEYS: &str = "RERP_FTE_SIGNING_KEYS";
/// The variable with the address that everybody reaches the platform at.
const ADDRESS: &str = "RERP_PUBLIC_ADDRESS";
/// The variable with the issuer's name, for people.
const NAME: &str = "RERP_FTE_ISSUER_NAME";

/// Who signs certificates. None without keys: nothing is signed then, and the routes don't exist.
pub fn issuer(env: &mut Env) -> Option<Issuer> {
    let keys = env.text(KEYS).map(Keys::of)?;
    if let Err(error) = &keys {
        env.mistake(KEYS, error.to_string());
    }
    let name = env.text(NAME).map(str::to_owned);
    let address = env.text(ADDRESS).and_then(|text| Url::parse(text).ok()).filter(Issuer::may_be_at);
    if address.is_none() {
        env.mistake(ADDRESS, "expected the public address, such as https://badges.example.com, without a path");
    }
    Issuer::new(&address?, name.as_deref(), keys.ok()?)
}

/// The address of the trading service, such as `http://sandbox:8080/trading`. None when it is missing or wrong, which is a mistake by then.
/// Not a dependency of the kit's kind: it is none of our services, so it gets no certificate of ours and is trusted by public authorities.
pub fn trading(env: &mut Env) -> Option<Url> {
    let Some(text) = env.text(TRADING) else {
        env.mistake(TRADING, "not set; expected the address of the trading service");
        return None;
    };
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    if url.is_none() {
        env.mistake(TRADING, "expected an address such as https://trading.example.com/v1");
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed of zeros.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----";

    #[test]
    fn badges_are_off_or_complete() {
        let mut env = Env::of([(ADDRESS, "no address"), (NAME, "Academy")]);
        assert!(issuer(&mut env).is_none() && env.finish().is_ok());
        let mut env = Env::of([(KEYS, KEY), (ADDRESS, "https://badges.example.com"), (NAME, "Academy")]);
        let made = issuer(&mut env).unwrap();
        assert_eq!((made.did(), env.finish().is_ok()), ("did:web:badges.example.com:api:fte:issuer", true));
        assert_eq!(made.profile()["name"], serde_json::json!("Academy"));
        let mut env = Env::of([(KEYS, "a secret"), (ADDRESS, "http://badges.example.com")]);
        assert!(issuer(&mut env).is_none());
        let mistakes = env.finish().unwrap_err().to_string();
        assert!(mistakes.contains(KEYS) && mistakes.contains(ADDRESS) && !mistakes.contains("a secret"), "{mistakes}");
    }

    #[test]
    fn a_wrong_address_is_a_mistake() {
        let url = trading(&mut Env::of([(TRADING, "http://sandbox:8080/trading")]));
        assert_eq!(url.unwrap().path(), "/trading");
        for text in ["", "sandbox:8080", "ftp://sandbox/x", "data:,x"] {
            let mut env = Env::of([(TRADING, text)]);
            assert!(trading(&mut env).is_none());
            assert!(env.finish().unwrap_err().to_string().contains(TRADING), "{text}");
        }
    }
}
