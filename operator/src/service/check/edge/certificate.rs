//! Certificates that a gateway shows. Pure. In: names of Secrets with the hosts they are for, and the Secrets. Out: what is copied for the
//! gateway, and what can't be used. Must not: show what a Secret holds.

use super::{SECRET_MISSING, Trouble};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use std::collections::{BTreeMap, BTreeSet};

/// Hosts by the Secret that has their certificate.
pub(super) type Certificates = BTreeMap<String, BTreeSet<String>>;

/// Largest sum of certificates and keys, in bytes: a Secret holds 1 MiB.
const MOST: usize = 900 * 1024;
/// Longest name of a Secret: it becomes a key, which has 253 characters with its ending.
const LONGEST: usize = 200;

/// A certificate for the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The Secret it comes from.
    pub name: String,
    /// Hosts it is shown for.
    pub hosts: Vec<String>,
    /// Certificate chain, PEM.
    pub chain: ByteString,
    /// Private key, PEM.
    pub key: ByteString,
}

/// Wants the certificate in `secret` for `hosts`.
pub(super) fn add(certificates: &mut Certificates, secret: &str, hosts: Vec<String>) {
    certificates.entry(secret.to_owned()).or_default().extend(hosts);
}

/// Takes a certificate out of its Secret; `used`: bytes that the ones before it have.
pub(super) fn take(
    name: &str,
    hosts: &BTreeSet<String>,
    secrets: &BTreeMap<String, Option<Secret>>,
    used: &mut usize,
) -> Result<Certificate, Trouble> {
    let missing = |what: &str| Trouble::new(SECRET_MISSING, format!("Secret {name} {what}"));
    if name.len() > LONGEST {
        return Err(Trouble::new(
            "NotSupported",
            format!("the name of Secret {name} has more than {LONGEST} characters"),
        ));
    }
    let secret = secrets.get(name).and_then(Option::as_ref).ok_or_else(|| missing("does not exist"))?;
    let part = |key: &str| {
        let found = secret.data.as_ref().and_then(|data| data.get(key)).filter(|bytes| !bytes.0.is_empty());
        found.cloned().ok_or_else(|| missing(&format!("has no key {key}")))
    };
    let (chain, key) = (part("tls.crt")?, part("tls.key")?);
    let size = chain.0.len() + key.0.len();
    if *used + size > MOST {
        return Err(Trouble::new(
            "TooMany",
            format!("with Secret {name} the certificates are larger than {MOST} bytes"),
        ));
    }
    *used += size;
    Ok(Certificate { name: name.to_owned(), hosts: hosts.iter().cloned().collect(), chain, key })
}
