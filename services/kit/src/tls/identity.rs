//! Who a certificate speaks for. In: a certificate, or a text. Out: a SPIFFE ID. Must not judge whether to believe it.
//! Source: <https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md>, section 2.

use std::fmt;

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::error::NoIdentity;

/// Longest identity the standard allows, in bytes.
const LONGEST: usize = 2048;

/// An identity such as `spiffe://rerp.local/ns/rerp/sa/marketing`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId(String);

impl SpiffeId {
    /// The identity in `text`; none if it is no SPIFFE ID with a trust domain and a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (domain, path) = text.strip_prefix("spiffe://")?.split_once('/')?;
        let plain = |extra: &'static [u8]| move |byte: u8| byte.is_ascii_alphanumeric() || extra.contains(&byte);
        let domain_ok = !domain.is_empty() && domain.bytes().all(plain(b".-_")) && !domain.contains(char::is_uppercase);
        let segment_ok = |segment: &str| {
            !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain(b".-_"))
        };
        (text.len() <= LONGEST && domain_ok && path.split('/').all(segment_ok)).then(|| Self(text.to_owned()))
    }

    /// The identity that a certificate claims.
    ///
    /// # Errors
    /// It claims none, or more than one.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, NoIdentity> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| NoIdentity::NotX509)?;
        let names = parsed.subject_alternative_name().map_err(|_| NoIdentity::NotX509)?;
        let names = names.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
        let uris: Vec<&str> = names.iter().filter_map(uri).collect();
        match uris.as_slice() {
            [uri] => Self::parse(uri).ok_or(NoIdentity::NotSpiffe),
            several => Err(NoIdentity::Uris(several.len())),
        }
    }

    /// The last part of this identity, where everything before it is as in `other`: the name of a service in the same namespace of the
    /// same trust domain.
    #[must_use]
    pub fn name_beside(&self, other: &Self) -> Option<&str> {
        let (room, name) = self.0.rsplit_once('/')?;
        other.0.rsplit_once('/').filter(|(its, _)| *its == room).map(|_| name)
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn uri<'a>(name: &GeneralName<'a>) -> Option<&'a str> {
    match name {
        GeneralName::URI(uri) => Some(*uri),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_in_its_own_namespace_only() {
        let id = |text: &str| SpiffeId::parse(text).unwrap();
        let own = id("spiffe://rerp.local/ns/rerp/sa/billing");
        assert_eq!(id("spiffe://rerp.local/ns/rerp/sa/gateway").name_beside(&own), Some("gateway"));
        for other in [
            "spiffe://rerp.local/ns/other/sa/gateway",
            "spiffe://other.local/ns/rerp/sa/gateway",
            "spiffe://rerp.local/ns/rerp/sa/gateway/x",
            "spiffe://rerp.local/gateway",
        ] {
            assert_eq!(id(other).name_beside(&own), None, "{other}");
        }
    }

    #[test]
    fn only_a_domain_with_a_plain_path_is_an_identity() {
        assert!(SpiffeId::parse("spiffe://rerp.local/ns/rerp/sa/marketing").is_some());
        for text in [
            "",
            "spiffe://rerp.local",
            "spiffe://rerp.local/",
            "spiffe:///ns/rerp",
            "spiffe://Rerp.local/ns",
            "spiffe://rerp.local/ns//sa",
            "spiffe://rerp.local/../sa",
            "spiffe://rerp.local:80/ns",
            "spiffe://u@rerp.local/ns",
            "spiffe://rerp.local/ns?x=1",
            "https://rerp.local/ns",
        ] {
            assert_eq!(SpiffeId::parse(text), None, "{text}");
        }
        assert_eq!(SpiffeId::parse(&format!("spiffe://a/{}", "b".repeat(LONGEST))), None);
    }
}
