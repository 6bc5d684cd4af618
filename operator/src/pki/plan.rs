//! When is a certificate due? Pure. In: the Secret as it is, what it is to say, a time. Out: keep it until then, or why not.

use super::{CERTIFICATE, KEY};
use crate::pki::issue::{Names, SKEW};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use rcgen::{KeyPair, PublicKeyData};
use std::collections::BTreeSet;
use std::time::Duration;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::parse_x509_pem;

/// What a certificate has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it says.
    pub names: Names,
    /// How long it lives.
    pub ttl: Duration,
    /// The key that signs it.
    pub authority: Vec<u8>,
}

/// From when until when a certificate serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it ends.
    pub not_after: Timestamp,
    /// When another one takes its place: at half of its life.
    pub renewal_at: Timestamp,
}

/// Why a certificate can't stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// There is none.
    Absent,
    /// It or its key can't be read, or they don't belong together.
    Unusable,
    /// Another authority signed it.
    OtherAuthority,
    /// It says something else.
    OtherNames,
    /// It was made for another lifetime.
    OtherLifetime,
    /// Half of its life is over.
    HalfLife,
}

/// Keeps the certificate in `secret`, or says why another one is due.
pub fn due(secret: Option<&Secret>, wanted: &Wanted, now: Timestamp) -> Result<Life, Due> {
    let secret = secret.ok_or(Due::Absent)?;
    let text = |key: &str| {
        let bytes = &secret.data.as_ref()?.get(key)?.0;
        std::str::from_utf8(bytes).ok()
    };
    let (Some(certificate), Some(key)) = (text(CERTIFICATE), text(KEY)) else { return Err(Due::Unusable) };
    let (_, pem) = parse_x509_pem(certificate.as_bytes()).map_err(|_| Due::Unusable)?;
    let parsed = pem.parse_x509().map_err(|_| Due::Unusable)?;
    let key = KeyPair::from_pem(key).map_err(|_| Due::Unusable)?;
    if key.subject_public_key_info() != parsed.public_key().raw {
        return Err(Due::Unusable);
    }
    if authority(&parsed) != Some(wanted.authority.as_slice()) {
        return Err(Due::OtherAuthority);
    }
    if names(&parsed) != all(&wanted.names) {
        return Err(Due::OtherNames);
    }
    life(&parsed, wanted.ttl, now)
}

/// The life of a certificate made at `now`.
pub fn life_from(now: Timestamp, ttl: Duration) -> Option<Life> {
    let made = Timestamp::from_second(now.as_second()).ok()?;
    let after = |span: Duration| made.checked_add(SignedDuration::try_from(span).ok()?).ok();
    // Whole seconds: neither a certificate nor a status holds more.
    let whole = |seconds: u64| after(Duration::from_secs(seconds));
    Some(Life { not_after: whole(ttl.as_secs())?, renewal_at: whole(ttl.as_secs() / 2)? })
}

/// Whether the key with the identifier `key` signed the certificate in a PEM text.
pub fn is_signed_by(certificate: &str, key: &[u8]) -> bool {
    let Ok((_, pem)) = parse_x509_pem(certificate.as_bytes()) else { return false };
    pem.parse_x509().is_ok_and(|parsed| authority(&parsed) == Some(key))
}

fn life(certificate: &X509Certificate<'_>, ttl: Duration, now: Timestamp) -> Result<Life, Due> {
    let at = |second: i64| Timestamp::from_second(second).map_err(|_| Due::Unusable);
    let validity = certificate.validity();
    let (begin, end) = (at(validity.not_before.timestamp())?, at(validity.not_after.timestamp())?);
    let made =
        begin.checked_add(SignedDuration::try_from(SKEW).map_err(|_| Due::Unusable)?).map_err(|_| Due::Unusable)?;
    let life = life_from(made, ttl).ok_or(Due::Unusable)?;
    if life.not_after != end {
        return Err(Due::OtherLifetime);
    }
    if now >= life.renewal_at || now < begin { Err(Due::HalfLife) } else { Ok(life) }
}

fn authority<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => Some(id.key_identifier.as_ref()?.0),
        _ => None,
    })
}

fn names(certificate: &X509Certificate<'_>) -> BTreeSet<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    names
        .iter()
        .map(|name| match name {
            GeneralName::URI(text) | GeneralName::DNSName(text) => (*text).to_owned(),
            other => other.to_string(),
        })
        .collect()
}

fn all(names: &Names) -> BTreeSet<String> {
    names.hosts.iter().chain([&names.identity]).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::authority::Authority;
    use crate::pki::{issue, to_secret};

    #[test]
    fn a_certificate_that_was_just_made_is_kept_whatever_its_lifetime() {
        let now: Timestamp = "2026-11-26T01:02:03.456Z".parse().unwrap();
        let authority = Authority::of(&to_secret(&issue::authority("rerp.local", now).unwrap()), now).unwrap();
        let names = Names { identity: "spiffe://rerp.local/ns/a/sa/b".into(), hosts: vec!["b.a.svc".into()] };
        for ttl in [30_000, 30_500, 31_000, 45_000, 86_400_000].map(Duration::from_millis) {
            let wanted = Wanted { names: names.clone(), ttl, authority: authority.key_id().to_vec() };
            let leaf = to_secret(&issue::leaf(&authority, &names, ttl, now).unwrap());
            let life = due(Some(&leaf), &wanted, now).unwrap();
            assert_eq!(Some(life), life_from(now, ttl), "{ttl:?}");
            assert_eq!(life.renewal_at.subsec_nanosecond(), 0, "{ttl:?}: a status keeps whole seconds");
            assert_eq!(due(Some(&leaf), &wanted, life.renewal_at), Err(Due::HalfLife), "{ttl:?}");
        }
    }
}
