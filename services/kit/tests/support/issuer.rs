//! An issuer of tokens: it publishes its keys, changes them, and signs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;
use uuid::Uuid;

/// A key pair and its name.
struct Pair {
    kid: String,
    pair: EcdsaKeyPair,
}

pub(crate) struct Issuer {
    at: SocketAddr,
    published: Arc<Mutex<Value>>,
    pair: Pair,
}

/// What a token of `audience` says of `who`, for a minute.
pub(crate) fn claims(audience: &str, who: Uuid) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({"iss": "issuer", "aud": audience, "sub": who, "exp": now + 60, "aal": "aal2"})
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let pair = Pair::new("first");
        let published = Arc::new(Mutex::new(json!({"keys": [pair.entry()]})));
        let document = Arc::clone(&published);
        let keys = get(async move || axum::Json(document.lock().unwrap().clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let routes = Router::new().route("/keys", keys);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { at, published, pair }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}/keys", self.at).parse().unwrap()
    }

    /// Signs with another key from now on, and publishes that one alone.
    pub(crate) fn change(&mut self, kid: &str) {
        self.pair = Pair::new(kid);
        *self.published.lock().unwrap() = json!({"keys": [self.pair.entry()]});
    }

    /// Publishes nothing that can be read from now on.
    pub(crate) fn fall_silent(&self) {
        *self.published.lock().unwrap() = Value::Null;
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.pair.sign(claims)
    }

    /// A token of somebody who isn't the issuer, but says so.
    pub(crate) fn forge(&self, claims: &Value) -> String {
        Pair::new(&self.pair.kid).sign(claims)
    }

    pub(crate) fn person(&self, who: Uuid) -> String {
        self.sign(&claims("people", who))
    }

    pub(crate) fn staff(&self) -> String {
        self.sign(&claims("staff", Uuid::from_u128(1)))
    }
}

impl Pair {
    fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), pair }
    }

    fn entry(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "x": x, "y": y, "alg": "ES256", "use": "sig"})
    }

    fn sign(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "kid": self.kid, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&head), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
