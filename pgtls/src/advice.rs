//! What to do about a server's certificate that was refused. In: an error of any driver on rustls. Out: words for a person.

use rustls::CertificateError as Certificate;
use std::error::Error;

/// Says what is wrong with the certificate and where to look; none when the error is about something else.
#[must_use]
pub fn advice(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(refused) = one.downcast_ref::<rustls::Error>() {
            return refusal(refused);
        }
        next = match one.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            // An error inside of this one is not its source: only the inner one's source is.
            Some(inner) => Some(inner),
            None => one.source(),
        };
    }
    None
}

/// The same behind a colon, for the end of an error's own text; nothing where there is none.
#[must_use]
pub fn suffix(error: &(dyn Error + 'static)) -> String {
    advice(error).map(|advice| format!(": {advice}")).unwrap_or_default()
}

fn refusal(error: &rustls::Error) -> Option<String> {
    let rustls::Error::InvalidCertificate(refused) = error else { return None };
    Some(match refused {
        Certificate::UnknownIssuer | Certificate::BadSignature => {
            "the server's certificate is signed by an authority that is not among the roots in sslrootcert; put that authority's certificate there, or find out who answers in the server's place".to_owned()
        }
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            "the server's certificate has ended; see why it was not renewed (CertificatesValid of its ServiceDatabase), and whether the clocks agree".to_owned()
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; see whether the clocks agree".to_owned()
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "the server's certificate is for other names than the host in the address; use one of its names, or find out who answers in the server's place".to_owned()
        }
        other => format!("the server's certificate is not accepted: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_refusal_is_found_however_deep_it_is() {
        let refused = || io::Error::new(io::ErrorKind::InvalidData, rustls::Error::from(Certificate::UnknownIssuer));
        assert!(advice(&Outer(refused())).unwrap().contains("not among the roots"));
        assert!(advice(&io::Error::other(Outer(refused()))).unwrap().contains("not among the roots"));
        let ended = rustls::Error::from(Certificate::Expired);
        assert!(advice(&ended).unwrap().contains("has ended"));
    }

    #[test]
    fn other_errors_get_no_advice() {
        assert_eq!(advice(&io::Error::from(io::ErrorKind::ConnectionRefused)), None);
        assert_eq!(advice(&rustls::Error::DecryptError), None);
    }
}
