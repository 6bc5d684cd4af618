//! People who ask through a gateway. In: how many. Out: for each a token as an issuer signs it, an address, and the request that they send.
//! Each has so little of the load that nobody's quota ends: limits are on, and nobody is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::{KeyRejected, Unspecified};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::report::seconds_now;

/// The `iss` of tokens.
pub(super) const ISSUER: &str = "https://issuer.bench.example";
/// The `aud` of customers' tokens.
pub(super) const AUDIENCE: &str = "people";
/// The name of the key.
const KEY: &str = "bench";
/// Applications that tokens were given to, in turn.
const APPLICATIONS: usize = 64;
/// Seconds for which tokens are good: longer than any run.
const GOOD: u64 = 12 * 3600;
/// What everybody reads: a route that is for people alone.
const PATH: &str = "/api/accounts/018f3f5e-0000-7000-8000-000000000001";

/// The key can't be made or used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    // Not sources: ring's errors are errors of the standard library's kind only where somebody asks for that.
    #[error("no key can be made, or nothing signed with it: {0}")]
    Made(Unspecified),
    #[error("the key that was made can't be used: {0}")]
    Used(KeyRejected),
}

/// See the file's header.
pub(super) struct People {
    requests: Vec<Vec<u8>>,
    /// The issuer's keys, as it publishes them.
    pub(super) keys: String,
    /// A good token of somebody who isn't among the others.
    pub(super) visitor: String,
    /// The same, with a signature that isn't the issuer's.
    pub(super) forged: String,
}

impl People {
    /// Makes so many, at least one.
    pub(super) fn make(count: usize) -> Result<Self, KeyError> {
        let issuer = Issuer::new()?;
        let mut requests = Vec::with_capacity(count);
        for person in 0..count.max(1) {
            let token = issuer.sign(&claims(person))?;
            requests.push(request(Some(&token), &address(person)));
        }
        let visitor = issuer.sign(&claims(count + 1))?;
        let stranger = Issuer::new()?.sign(&claims(count + 1))?;
        Ok(Self { requests, keys: issuer.published().to_string(), visitor, forged: stranger })
    }

    /// Requests, as the load takes them: everybody asks in turn.
    pub(super) fn ask(&self) -> impl Fn(u64, &mut Vec<u8>) + Clone + Send + 'static + use<> {
        let requests: std::sync::Arc<[Vec<u8>]> = self.requests.clone().into();
        move |n, out| {
            let place = usize::try_from(n).unwrap_or(usize::MAX) % requests.len();
            out.extend_from_slice(requests.get(place).map(Vec::as_slice).unwrap_or_default());
        }
    }
}

/// One request.
pub(super) fn request(token: Option<&str>, from: &str) -> Vec<u8> {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!("GET {PATH} HTTP/1.1\r\nHost: gateway.bench.example\r\nAccept: application/json\r\n");
    format!("{head}{token}X-Forwarded-For: {from}\r\n\r\n").into_bytes()
}

/// The address of a person: of the network that is set aside for benchmarks (RFC 2544), where load is never sent but may come from by name.
pub(super) fn address(person: usize) -> String {
    format!("198.{}.{}.{}", 18 + ((person >> 16) & 1), (person >> 8) & 255, person & 255)
}

fn claims(person: usize) -> Value {
    let now = seconds_now();
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": Uuid::from_u128(0x018f_3f5e_0000_7000_9000_0000_0000_0000 + person as u128),
        "iat": now,
        "exp": now + GOOD,
        "aal": "aal1",
        "client_id": format!("application-{}", person % APPLICATIONS),
    })
}

struct Issuer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    fn new() -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let document = document.map_err(KeyError::Made)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Ok(Self { pair: pair.map_err(KeyError::Used)?, random })
    }

    fn published(&self) -> Value {
        // An uncompressed point: a byte that says so, then two numbers of 32 bytes.
        let (x, y) =
            self.pair.public_key().as_ref().get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": KEY, "x": x, "y": y, "alg": "ES256", "use": "sig"}]})
    }

    fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "ES256", "kid": KEY, "typ": "JWT"})), part(claims));
        let signature = self.pair.sign(&self.random, text.as_bytes()).map_err(KeyError::Made)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use std::collections::BTreeSet;

    fn is_signed(keys: &str, token: &str) -> bool {
        let keys: Value = serde_json::from_str(keys).unwrap();
        let number = |name: &str| URL_SAFE_NO_PAD.decode(keys["keys"][0][name].as_str().unwrap()).unwrap();
        let point = [vec![4], number("x"), number("y")].concat();
        let (text, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(text.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn the_published_key_tells_a_good_token_from_a_forged_one() {
        let people = People::make(1).unwrap();
        assert!(is_signed(&people.keys, &people.visitor));
        assert!(!is_signed(&people.keys, &people.forged));
    }

    #[test]
    fn everybody_has_a_token_and_an_address_of_their_own_and_asks_in_turn() {
        let (people, mut requests) = (People::make(300).unwrap(), BTreeSet::new());
        let ask = people.ask();
        for n in 0..600 {
            let mut request = Vec::new();
            ask(n, &mut request);
            assert!(request.ends_with(b"\r\n\r\n"));
            requests.insert(request);
        }
        assert_eq!(requests.len(), 300);
        let addresses: BTreeSet<String> = (0..100_000).map(address).collect();
        assert_eq!(addresses.len(), 100_000);
        assert!(addresses.contains("198.18.0.0") && addresses.contains("198.19.0.1"));
    }
}
