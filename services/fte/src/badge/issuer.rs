//! Who issues: its names, and the documents that verifiers fetch of it. In come the address that everybody reaches us at, a name and keys; out
//! go profile, DID document and key set. Pure.

use serde_json::{Value, json};
use url::{Host, Url};

use super::keys::Keys;
use super::{CREDENTIALS, OPEN_BADGES};

/// Where the issuer's documents are, below the public address.
pub const PATH: &str = "/api/fte/issuer";

/// The issuer of certificates.
#[derive(Debug)]
pub struct Issuer {
    /// The public address, without a path or a slash at its end.
    address: String,
    did: String,
    name: String,
    pub(super) keys: Keys,
}

impl Issuer {
    /// The issuer at a public address, named after it unless it has a name. None: `did:web` knows only addresses such as
    /// `https://badges.example.com`, with a port perhaps, and nothing after it.
    #[must_use]
    pub fn new(address: &Url, name: Option<&str>, keys: Keys) -> Option<Self> {
        let host = address.host_str().filter(|_| Self::may_be_at(address))?;
        let port = address.port().map(|port| format!("%3A{port}")).unwrap_or_default();
        let path = PATH.replace('/', ":");
        Some(Self {
            address: address.origin().ascii_serialization(),
            did: format!("did:web:{host}{port}{path}"),
            name: name.unwrap_or(host).to_owned(),
            keys,
        })
    }

    /// Whether an issuer can be at this address.
    #[must_use]
    pub fn may_be_at(address: &Url) -> bool {
        let is_bare = address.path() == "/" && address.query().is_none() && address.fragment().is_none();
        let names_nobody = address.username().is_empty() && address.password().is_none();
        address.scheme() == "https" && matches!(address.host(), Some(Host::Domain(_))) && is_bare && names_nobody
    }

    /// Its identifier, which names its DID document.
    #[must_use]
    pub fn did(&self) -> &str {
        &self.did
    }

    /// Where a status list is.
    #[must_use]
    pub fn list(&self, list: i32) -> String {
        format!("{}{PATH}/status/{list}", self.address)
    }

    /// What credentials say of it.
    pub(super) fn named(&self) -> Value {
        json!({ "id": self.did, "type": ["Profile"], "name": self.name, "url": self.address })
    }

    /// Its profile, as Open Badges have it.
    #[must_use]
    pub fn profile(&self) -> Value {
        let mut profile = self.named();
        if let Some(fields) = profile.as_object_mut() {
            fields.insert("@context".to_owned(), json!([CREDENTIALS, OPEN_BADGES]));
        }
        profile
    }

    /// Its DID document: every key, for embedded proofs and for JWTs, the one that signs first. Those of credentials that are out stay.
    #[must_use]
    pub fn did_document(&self) -> Value {
        let (mut methods, mut names) = (Vec::new(), Vec::new());
        for key in self.keys.published() {
            let (multikey, did) = (key.multikey(), &self.did);
            let (proofs, jwts) = (format!("{did}#{multikey}"), format!("{did}#{}", key.thumbprint()));
            methods
                .push(json!({ "id": proofs, "type": "Multikey", "controller": did, "publicKeyMultibase": multikey }));
            methods.push(json!({ "id": jwts, "type": "JsonWebKey", "controller": did, "publicKeyJwk": key.jwk() }));
            names.extend([proofs, jwts]);
        }
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1"],
            "id": self.did,
            "verificationMethod": methods,
            "assertionMethod": names,
        })
    }

    /// Its keys as a JSON Web Key Set, under the names that JWTs call them by.
    #[must_use]
    pub fn key_set(&self) -> Value {
        let keys = self.keys.published().iter().map(|key| {
            let mut jwk = key.jwk();
            if let Some(fields) = jwk.as_object_mut() {
                let name = format!("{}#{}", self.did, key.thumbprint());
                let more = [("alg", "EdDSA"), ("kid", name.as_str()), ("use", "sig")];
                fields.extend(more.map(|(member, text)| (member.to_owned(), json!(text))));
            }
            jwk
        });
        json!({ "keys": keys.collect::<Vec<Value>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::canonical::canonical;
    use crate::badge::fixtures::{issuer, vector};

    #[test]
    fn addresses_are_bare_and_public() {
        let keys = || Keys::of(vector!("key.pem")).unwrap();
        let did =
            |address: &str| Issuer::new(&address.parse().unwrap(), None, keys()).map(|issuer| issuer.did().to_owned());
        for (address, expected) in [
            ("https://badges.example.com", "did:web:badges.example.com:api:fte:issuer"),
            ("https://Badges.Example.com/", "did:web:badges.example.com:api:fte:issuer"),
            ("https://localhost:8443", "did:web:localhost%3A8443:api:fte:issuer"),
        ] {
            assert_eq!(did(address).as_deref(), Some(expected));
        }
        for address in [
            "http://badges.example.com",
            "https://badges.example.com/fte",
            "https://badges.example.com/?a",
            "https://a:b@badges.example.com",
            "https://10.0.0.1",
            "https://[::1]",
        ] {
            assert_eq!(did(address), None, "{address}");
        }
        let named = Issuer::new(&"https://badges.example.com".parse().unwrap(), None, keys()).unwrap();
        assert_eq!(named.profile()["name"], json!("badges.example.com"));
    }

    #[test]
    fn documents_are_those_of_another_implementation() {
        let (key, next) = (vector!("key.pem"), vector!("next.pem"));
        let (one, rotated) = (issuer(key), issuer(&format!("{next}{key}")));
        for (document, expected) in [
            (one.profile(), vector!("profile.json")),
            (one.did_document(), vector!("did.json")),
            (one.key_set(), vector!("jwks.json")),
            (rotated.did_document(), vector!("did-rotated.json")),
            (rotated.key_set(), vector!("jwks-rotated.json")),
        ] {
            assert_eq!(canonical(&document).unwrap(), expected.trim_end());
        }
    }
}
