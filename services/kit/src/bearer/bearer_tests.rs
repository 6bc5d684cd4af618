//! Tokens that are signed, and tokens that only look like it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::*;

/// A token of RS256, made once with a key that nobody has any more.
const RSA_N: &str = "\
    1Yok7OVjJrJFoHgZDIgkDAq0yAzhSnihk6PZaOe_cNla8Us9ArmKDRmI8ZJoKvKZfAXIJj0Bz1PWpWcBcJ8NzNZcrM2OiQoS0Kd4\
    XSBzBd8AGQ4lriZJuSs5pAz5gLJb0PHWVv_C7-Mz9JN-zAGT9rhpWrM4BXOY5KWaK86beyvwiydkOfgwsveYxtueDmpukVTL7EcM\
    zUa2Aej-f6WRXCzBGBJDksO_IRko9SjBmCYEpq1uI-k6IGBrbmMmzIXNoERDywVIiQ-V4_6DMaBp3l59Ft_30YVwxG7h2tpQvIMn\
    pFhGx-3Te8AEF87neUTLsGTnpapJN3j-feeSD_tElQ";
const RSA_TOKEN: &str = "\
    eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZSIsImF1\
    ZCI6ImN1c3RvbWVycyIsInN1YiI6IjAxOTFmN2ExLTNmMGMtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImV4cCI6NDEwMjQ0NDgw\
    MCwiaWF0IjoxNzkwMDAwMDAwfQ.yf2o4-5t-DOs-ssuMfdKZkldYrKBmANcgFQZbu_ftBP8KowqRnehY2y0__acC4819KrBskP0w\
    G3Psnx7oINsWYYGK9Uw4I7OYAHNkLuUpwT-DXIPRjE3ozL-dvuV3z5ZMHH5KvwHEardlS5k2-iEgUpF04IbRhXy9P_5ltT2kcbhm\
    -AFnviCUlvDsTQFV6ZoTM1N0xzPnRttdvS4gTubdgICTNdV9X8Ioh81p2-c3s-G7jLTdsrj3aNRgjxkLuTV7mkz8ZqGNsLDAS0VE\
    1XbOTizSaVSf8xYn4m8CGnxZR_NwjQc2FC0bri4tz1vd-yESHlfY-CHDw0DF72gLFa6Zg";

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn es256() -> (EcdsaKeyPair, Key) {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref().to_vec();
    let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (x, y) = (coordinate(&point[1..33]), coordinate(&point[33..]));
    let entry = json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": x, "y": y});
    (pair, Key::of(&serde_json::from_value(entry).unwrap()).unwrap())
}

fn signed(pair: &EcdsaKeyPair, head: &Value) -> String {
    let text = format!("{}.{}", part(head), part(&json!({"sub": "x"})));
    let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

fn is_good(text: &str, key: &Key) -> bool {
    Token::read(text).is_ok_and(|token| token.is_signed_by(key))
}

#[test]
fn es256_is_taken_and_nothing_near_it() {
    let (pair, key) = es256();
    let good = signed(&pair, &json!({"alg": "ES256", "kid": "ec", "typ": "JWT"}));
    assert!(is_good(&good, &key));
    let (text, signature) = good.rsplit_once('.').unwrap();
    for bad in [
        format!("{good}A"),
        format!("{good}="),
        format!("{good}."),
        format!(" {good}"),
        text.to_owned(),
        format!("{text}."),
        format!("{text}.{}", &signature[..85]),
        format!("{text}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        good.replacen('.', "..", 1),
    ] {
        assert!(!is_good(&bad, &key), "{bad}");
    }
    assert!(!is_good(&good, &es256().1), "another key");
}

#[test]
fn the_key_says_with_which_algorithm() {
    let (pair, key) = es256();
    for head in [
        json!({"alg": "RS256", "kid": "ec"}),
        json!({"alg": "EdDSA", "kid": "ec"}),
        json!({"alg": "none", "kid": "ec"}),
        json!({"alg": "HS256", "kid": "ec"}),
        json!({"alg": "es256", "kid": "ec"}),
        json!({"alg": "ES256"}),
        json!({"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": false}),
        json!({"alg": "ES256", "kid": "ec", "typ": "logout+jwt"}),
    ] {
        assert!(!is_good(&signed(&pair, &head), &key), "{head}");
    }
}

#[test]
fn ed25519_is_taken() {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let entry = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x});
    let key = Key::of(&serde_json::from_value(entry).unwrap()).unwrap();
    let text = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": "ed"})), part(&json!({})));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()).as_ref());
    assert!(is_good(&format!("{text}.{signature}"), &key));
    assert!(!is_good(&format!("{text}.{}", URL_SAFE_NO_PAD.encode([1; 64])), &key));
}

#[test]
fn rs256_is_taken() {
    let entry = json!({"kty": "RSA", "kid": "rsa-1", "n": RSA_N, "e": "AQAB", "alg": "RS256", "use": "sig"});
    let key = Key::of(&serde_json::from_value(entry).unwrap()).unwrap();
    assert!(is_good(RSA_TOKEN, &key));
    let (text, signature) = RSA_TOKEN.rsplit_once('.').unwrap();
    let other: String = signature.chars().rev().collect();
    assert!(!is_good(&format!("{text}.{other}"), &key));
}
