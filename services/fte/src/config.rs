//! The service's own settings. In comes the environment; out go settings, or mistakes that the kit tells together. Must not open anything.

use rerp_kit::config::Env;
use url::Url;

/// The variable with the address of the trading service.
const TRADING: &str = "RERP_TRADING_ADDRESS";

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
