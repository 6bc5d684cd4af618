//! A verifier of badges: signatures by ring, statements by the service's own reading, which other tests compare with other implementations. In:
//! what the service answers. Out: what a badge says, or nothing if it isn't true.

use std::collections::BTreeSet;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use rerp_fte::badge::rdf::n_quads;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};

/// What the credential says, if its embedded proof is by a key of this DID document.
pub(crate) fn of_proof(text: &str, did: &Value) -> Option<Value> {
    let mut credential: Value = serde_json::from_str(text).unwrap();
    let mut proof = credential.as_object_mut()?.remove("proof")?;
    let value = proof.as_object_mut()?.remove("proofValue")?;
    let name = proof["verificationMethod"].clone();
    let method = did["verificationMethod"].as_array()?.iter().find(|method| method["id"] == name)?;
    let key = bs58::decode(method["publicKeyMultibase"].as_str()?.strip_prefix('z')?).into_vec().ok()?;
    let signature = bs58::decode(value.as_str()?.strip_prefix('z')?).into_vec().ok()?;
    proof["@context"] = credential["@context"].clone();
    let hashes = [&proof, &credential].map(|document| digest(&SHA256, n_quads(document).unwrap().as_bytes()));
    let signed = [hashes[0].as_ref(), hashes[1].as_ref()].concat();
    UnparsedPublicKey::new(&ED25519, key.strip_prefix(&[0xed, 0x01])?).verify(&signed, &signature).ok()?;
    Some(credential)
}

/// What the JWT says, claims of its own left out, if it is signed with one of these keys.
pub(crate) fn of_jwt(jwt: &str, keys: &Value) -> Option<Value> {
    let (signed, signature) = jwt.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let [header, payload, signature] = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let header: Value = serde_json::from_slice(&header).unwrap();
    let mut payload: Value = serde_json::from_slice(&payload).unwrap();
    let key = keys["keys"].as_array()?.iter().find(|key| key["kid"] == header["kid"])?;
    let key = URL_SAFE_NO_PAD.decode(key["x"].as_str()?).unwrap();
    UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).ok()?;
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("JWT")));
    let [iss, jti, sub, nbf, exp] =
        ["iss", "jti", "sub", "nbf", "exp"].map(|name| payload.as_object_mut().unwrap().remove(name));
    let said = (
        payload["issuer"].get("id").or(payload.get("issuer")),
        payload.get("id"),
        payload["credentialSubject"].get("id"),
    );
    assert_eq!((iss.as_ref(), jti.as_ref(), sub.as_ref()), said);
    let second = |name: &str| {
        payload.get(name).map(|time| json!(time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()))
    };
    assert_eq!((nbf, exp), (second("validFrom"), second("validUntil")));
    Some(payload)
}

/// The places that are set in a status list; there are 131,072.
pub(crate) fn places(list: &Value) -> BTreeSet<usize> {
    let encoded = list["credentialSubject"]["encodedList"].as_str().unwrap();
    let packed = URL_SAFE_NO_PAD.decode(encoded.strip_prefix('u').unwrap()).unwrap();
    let mut bits = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut bits).unwrap();
    assert_eq!(bits.len() * 8, 131_072);
    (0..131_072).filter(|place| bits[place / 8] & (0x80_u8 >> (place % 8)) != 0).collect()
}
