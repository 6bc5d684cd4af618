//! The keys that tokens are signed with. In: claims. Out: tokens of ES256; the keys as they are published (RFC 7517). The last one signs; those
//! before it are published until somebody withdraws them, and so are the tokens good that they signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::Refusal;

/// Most keys that are published; the oldest gives way.
const MOST: usize = 8;
/// Bytes of a coordinate.
const COORDINATE: usize = 32;

/// All keys, the oldest first. The first one is made when it is needed.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Uuid,
    pair: EcdsaKeyPair,
}

impl Keys {
    /// Signs with a new key from now on. Gives its name, and that of the one before.
    pub(super) fn rotate(&mut self) -> Result<(Uuid, Option<Uuid>), Refusal> {
        let before = self.0.last().map(|key| key.id);
        let key = Key::new()?;
        let id = key.id;
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(key);
        Ok((id, before))
    }

    /// Withdraws a key; false if it is the one that signs, or none.
    pub(super) fn withdraw(&mut self, id: Uuid) -> bool {
        let count = self.0.len();
        let signing = self.0.last().map(|key| key.id);
        self.0.retain(|key| key.id != id || signing == Some(id));
        self.0.len() < count
    }

    /// As they are published.
    pub(super) fn published(&mut self) -> Result<Value, Refusal> {
        self.signing()?;
        Ok(json!({ "keys": self.0.iter().map(Key::entry).collect::<Vec<_>>() }))
    }

    /// A token that says this.
    pub(super) fn sign(&mut self, claims: &Value) -> Result<String, Refusal> {
        let key = self.signing()?;
        let head = json!({ "alg": "ES256", "kid": key.id, "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&head), part(claims));
        let signature = key
            .pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .map_err(|_| Refusal::failed("error generating jwt token"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }

    /// What a token says that one of these keys signed and that has not ended, `now` in seconds.
    pub(super) fn read(&self, token: &str, now: i64) -> Result<Value, Refusal> {
        let wrong = |why: &str| Refusal::bad_token(format!("invalid JWT: unable to parse or verify signature, {why}"));
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let parts = token
            .rsplit_once('.')
            .and_then(|(text, signature)| Some((text, text.split_once('.')?, decode(signature)?)));
        let (text, (head, claims), signature) =
            parts.ok_or_else(|| wrong("token is malformed: token contains an invalid number of segments"))?;
        let document = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).ok();
        let head = document(head).unwrap_or_default();
        let id = head["kid"].as_str().and_then(|id| Uuid::try_parse(id).ok()).filter(|_| head["alg"] == "ES256");
        let key = id.and_then(|id| self.0.iter().find(|key| key.id == id));
        let key = key.ok_or_else(|| {
            wrong(&format!("token is unverifiable: unrecognized JWT kid {} for algorithm {}", head["kid"], head["alg"]))
        })?;
        if !key.signed(text.as_bytes(), &signature) {
            return Err(wrong("token signature is invalid: signature is invalid"));
        }
        let claims = document(claims).ok_or_else(|| wrong("token is malformed: could not JSON decode claim"))?;
        if claims["exp"].as_i64().is_none_or(|end| end <= now) {
            return Err(wrong("token has invalid claims: token is expired"));
        }
        Ok(claims)
    }

    fn signing(&mut self) -> Result<&Key, Refusal> {
        if self.0.is_empty() {
            self.rotate()?;
        }
        self.0.last().ok_or_else(|| Refusal::failed("there is no key"))
    }
}

impl Key {
    fn new() -> Result<Self, Refusal> {
        let (random, failed) = (SystemRandom::new(), || Refusal::failed("no key can be made"));
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| failed())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Ok(Self { id: Uuid::new_v4(), pair: pair.map_err(|_| failed())? })
    }

    /// An uncompressed point is a 4 and two coordinates.
    fn entry(&self) -> Value {
        let mut coordinates = self
            .pair
            .public_key()
            .as_ref()
            .get(1..)
            .unwrap_or_default()
            .chunks(COORDINATE)
            .map(|part| URL_SAFE_NO_PAD.encode(part));
        let (x, y) = (coordinates.next(), coordinates.next());
        json!({
            "alg": "ES256", "crv": "P-256", "ext": true, "key_ops": ["verify"], "kid": self.id, "kty": "EC", "use": "sig",
            "x": x, "y": y,
        })
    }

    fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let point = self.pair.public_key().as_ref();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(text, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_until_its_key_is_withdrawn() {
        let mut keys = Keys::default();
        let token = keys.sign(&json!({"sub": "x", "exp": 100})).unwrap();
        assert_eq!(keys.read(&token, 99).unwrap()["sub"], "x");
        assert!(keys.read(&token, 100).unwrap_err().message().ends_with("token is expired"));
        let (second, first) = keys.rotate().unwrap();
        assert_eq!(keys.published().unwrap()["keys"].as_array().unwrap().len(), 2);
        assert!(keys.read(&token, 0).is_ok(), "an overlap");
        assert!(!keys.withdraw(second), "nobody could sign then");
        assert!(keys.withdraw(first.unwrap()) && !keys.withdraw(first.unwrap()));
        assert!(keys.read(&token, 0).is_err());
    }

    #[test]
    fn nothing_near_a_token_is_one() {
        let mut keys = Keys::default();
        let token = keys.sign(&json!({"exp": 100})).unwrap();
        let (text, signature) = token.rsplit_once('.').unwrap();
        let head = |alg: &str| URL_SAFE_NO_PAD.encode(json!({"alg": alg, "kid": keys.0[0].id}).to_string());
        let claims = text.split_once('.').unwrap().1;
        for bad in [
            String::new(),
            text.to_owned(),
            format!("{text}."),
            format!("{token}A"),
            format!("{}.{claims}.{signature}", head("none")),
            format!("{}.{claims}.{signature}", head("ES256")),
            Keys::default().sign(&json!({"exp": 100})).unwrap(),
        ] {
            assert!(keys.read(&bad, 0).is_err(), "{bad}");
        }
    }

    #[test]
    fn there_are_only_so_many_keys() {
        let mut keys = Keys::default();
        for _ in 0..MOST + 2 {
            keys.rotate().unwrap();
        }
        assert_eq!(keys.published().unwrap()["keys"].as_array().unwrap().len(), MOST);
    }
}
