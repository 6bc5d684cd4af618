//! Signing, in both forms. In comes a credential; out goes the same with a Data Integrity proof (`eddsa-rdfc-2022`), or a VC-JWT as Open Badges have
//! it. Pure: a signature follows from the text and the key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::canonical::canonical;
use super::issuer::Issuer;
use super::rdf::n_quads;
use super::{BadgeError, sha256};

impl Issuer {
    /// The credential with an embedded proof, as text. It says that it was made when the credential began to be valid, whenever that was: asked
    /// for again it is the same.
    ///
    /// # Errors
    /// See [`BadgeError`].
    pub fn proven(&self, credential: &Value) -> Result<String, BadgeError> {
        let mut proof = json!({
            "@context": credential["@context"],
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": credential["validFrom"],
            "verificationMethod": format!("{}#{}", self.did(), self.keys.signing().multikey()),
            "proofPurpose": "assertionMethod",
        });
        let hashes = [n_quads(&proof)?, n_quads(credential)?].map(|text| sha256(&[text.as_bytes()]));
        let signature = bs58::encode(self.keys.sign(&hashes.concat())).into_string();
        let mut credential = credential.clone();
        if let Some(fields) = proof.as_object_mut() {
            fields.remove("@context");
            fields.insert("proofValue".to_owned(), json!(format!("z{signature}")));
        }
        if let Some(fields) = credential.as_object_mut() {
            fields.insert("proof".to_owned(), proof);
        }
        canonical(&credential)
    }

    /// The credential as a VC-JWT. Its key is named and not enclosed: whoever verifies has to ask the issuer's documents whose it is.
    ///
    /// # Errors
    /// See [`BadgeError`].
    pub fn jwt(&self, credential: &Value) -> Result<String, BadgeError> {
        let name = format!("{}#{}", self.did(), self.keys.signing().thumbprint());
        let header = json!({ "alg": "EdDSA", "kid": name, "typ": "JWT" });
        let claims = [
            ("iss", Some(json!(self.did()))),
            ("jti", credential.get("id").cloned()),
            ("sub", credential["credentialSubject"].get("id").cloned()),
            ("nbf", number(credential, "validFrom")),
            ("exp", number(credential, "validUntil")),
        ];
        let mut payload: Map<String, Value> = credential.as_object().cloned().unwrap_or_default();
        payload.extend(claims.into_iter().filter_map(|(name, claim)| Some((name.to_owned(), claim?))));
        let parts = [canonical(&header)?, canonical(&Value::Object(payload))?].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signed = parts.join(".");
        let signature = URL_SAFE_NO_PAD.encode(self.keys.sign(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }
}

/// A time of the credential in seconds since 1970.
fn number(credential: &Value, name: &str) -> Option<Value> {
    let time: Timestamp = credential.get(name)?.as_str()?.parse().ok()?;
    Some(json!(time.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::Facts;
    use crate::badge::fixtures::{facts, issuer, vector};
    use proptest::prelude::*;
    use ring::signature::{ED25519, UnparsedPublicKey};

    /// What a JWT says, if it is this issuer's.
    fn verify(jwt: &str, issuer: &Issuer) -> Option<Value> {
        let parts: Vec<&str> = jwt.split('.').collect();
        let [header, payload, signature] = parts[..] else { return None };
        let [head, body, signature] = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let head: Value = serde_json::from_slice(&head?).ok()?;
        let key = issuer
            .keys
            .published()
            .iter()
            .find(|key| head["kid"] == json!(format!("{}#{}", issuer.did(), key.thumbprint())))?;
        let signed = format!("{header}.{payload}");
        UnparsedPublicKey::new(&ED25519, key.bytes()).verify(signed.as_bytes(), &signature?).ok()?;
        serde_json::from_slice(&body?).ok()
    }

    #[test]
    fn both_forms_are_byte_by_byte_those_of_another_implementation() {
        let issuer = issuer(vector!("key.pem"));
        let credential = issuer.credential(&facts());
        assert_eq!(issuer.proven(&credential).unwrap(), vector!("credential.json").trim_end());
        assert_eq!(issuer.jwt(&credential).unwrap(), vector!("credential.jwt").trim_end());
        for list in [vector!("status.json"), vector!("status-revoked.json")] {
            let expected: Value = serde_json::from_str(list).unwrap();
            let encoded = expected["credentialSubject"]["encodedList"].as_str().unwrap();
            let made = issuer.status_list(1, encoded, "2026-06-01T10:20:30Z".parse().unwrap());
            assert_eq!(issuer.proven(&made).unwrap(), list.trim_end());
        }
    }

    #[test]
    fn another_key_signs_and_the_old_one_still_counts() {
        let (key, next) = (vector!("key.pem"), vector!("next.pem"));
        let (before, after, gone) = (issuer(key), issuer(&format!("{next}{key}")), issuer(next));
        let credential = before.credential(&facts());
        let (old, new) = (before.jwt(&credential).unwrap(), after.jwt(&credential).unwrap());
        assert!(old != new && verify(&old, &after).is_some() && verify(&new, &after).is_some());
        assert_eq!((verify(&old, &gone), verify(&new, &before)), (None, None));
        assert_eq!(after.jwt(&credential).unwrap(), gone.jwt(&credential).unwrap());
    }

    #[test]
    fn a_jwt_says_what_the_credential_says() {
        let issuer = issuer(vector!("key.pem"));
        let credential = issuer.credential(&Facts { expires_at: None, ..facts() });
        let mut payload = verify(&issuer.jwt(&credential).unwrap(), &issuer).unwrap();
        let claims = ["iss", "jti", "sub", "nbf", "exp"].map(|name| payload.as_object_mut().unwrap().remove(name));
        let [id, subject] =
            [&credential["id"], &credential["credentialSubject"]["id"]].map(|value| Some(value.clone()));
        assert_eq!(claims, [Some(json!(issuer.did())), id, subject, Some(json!(1_767_323_045)), None]);
        assert_eq!(payload, credential);
    }

    proptest! {
        #[test]
        fn a_jwt_with_any_byte_changed_is_refused(place in any::<prop::sample::Index>(), byte in 0x21_u8..0x7f) {
            let issuer = issuer(vector!("key.pem"));
            let mut jwt = vector!("credential.jwt").trim_end().as_bytes().to_vec();
            prop_assert!(verify(std::str::from_utf8(&jwt).unwrap(), &issuer).is_some());
            let place = place.index(jwt.len());
            prop_assume!(jwt[place] != byte);
            jwt[place] = byte;
            prop_assert_eq!(verify(std::str::from_utf8(&jwt).unwrap(), &issuer), None);
        }
    }
}
