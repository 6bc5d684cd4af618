//! Makes certificates. In: an authority, names, a time. Out: PEM texts. Random, hence not for the pure steps.

use super::Error;
use super::authority::Authority;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use std::time::Duration;
use time::OffsetDateTime;

/// Clocks of nodes differ: a certificate is valid from a little before it is made.
pub const SKEW: Duration = Duration::from_secs(60);
/// Life of the authority, ten years: longer than any cluster that nobody looks after.
const AUTHORITY_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Tells the authorities that the operator made from those that a person brought.
pub(super) const ORGANIZATION: &str = "RERP";

/// What a certificate is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The identity, a SPIFFE ID.
    pub identity: String,
    /// Hosts under which its holder is called.
    pub hosts: Vec<String>,
}

/// A certificate with its key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// A certificate for `names`, valid from `SKEW` before `now` until `ttl` after it, for callers and called alike.
pub fn leaf(authority: &Authority, names: &Names, ttl: Duration, now: Timestamp) -> Result<Leaf, Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.hosts.clone())?;
    let identity = names.identity.as_str().try_into()?;
    params.subject_alt_names.insert(0, SanType::URI(identity));
    // The names are in the extension alone: a common name ends at 64 characters, and nobody may match it any more.
    params.distinguished_name = DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = validity(now, ttl)?;
    let certificate = params.signed_by(&key, authority.issuer())?;
    Ok(Leaf { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// A new authority for a trust domain.
pub fn authority(trust_domain: &str, now: Timestamp) -> Result<Leaf, Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    params
        .distinguished_name
        .push(DnType::CommonName, format!("{trust_domain} {}", &uuid::Uuid::new_v4().simple().to_string()[..8]));
    // It signs leaves and no further authorities.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = validity(now, AUTHORITY_LIFE)?;
    let certificate = params.self_signed(&key)?;
    Ok(Leaf { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn validity(now: Timestamp, ttl: Duration) -> Result<(OffsetDateTime, OffsetDateTime), Error> {
    let at = |second: i64| OffsetDateTime::from_unix_timestamp(second).map_err(|_| Error::Time);
    let (skew, ttl) = (i64::try_from(SKEW.as_secs()), i64::try_from(ttl.as_secs()));
    let (skew, ttl) = (skew.map_err(|_| Error::Time)?, ttl.map_err(|_| Error::Time)?);
    Ok((at(now.as_second() - skew)?, at(now.as_second() + ttl)?))
}
