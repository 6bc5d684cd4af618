//! Keys that are taken, and texts that are none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;

/// A key and its certificate, of an algorithm that rcgen knows.
fn pair(algorithm: &'static rcgen::SignatureAlgorithm) -> (Option<SigningKey>, Option<PublicKey>) {
    let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let certificate = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    (SigningKey::of(&der), PublicKey::of_certificate(certificate.der()))
}

#[test]
fn what_a_certificate_s_key_signs_its_certificate_proves() {
    for (of, algorithm) in
        [(&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::Es256), (&rcgen::PKCS_ED25519, Algorithm::EdDsa)]
    {
        let (private, public) = pair(of);
        let (private, public) = (private.unwrap(), public.unwrap());
        assert_eq!((private.algorithm(), public.algorithm()), (algorithm, algorithm));
        let signature = private.sign(b"text").unwrap();
        assert_eq!(signature.len(), 64);
        assert!(public.verify(b"text", &signature) && !public.verify(b"texT", &signature));
        assert!(!public.verify(b"text", &signature[..63]) && !public.verify(b"text", &[&signature[..], &[0]].concat()));
        assert!(!pair(of).1.unwrap().verify(b"text", &signature), "another key");
    }
    let (private, public) = pair(&rcgen::PKCS_ECDSA_P384_SHA384);
    assert!(private.is_none() && public.is_none(), "nothing of another curve");
}

#[test]
fn numbers_have_exact_lengths() {
    let point = |first: u8, length: usize| [vec![first], vec![1; length - 1]].concat();
    assert!(PublicKey::es256(point(4, 65)).is_some());
    assert!(PublicKey::es256(point(4, 64)).is_none() && PublicKey::es256(point(2, 65)).is_none());
    assert!(PublicKey::eddsa(vec![1; 32]).is_some() && PublicKey::eddsa(vec![1; 33]).is_none());
    assert!(PublicKey::rs256(vec![1; 256], vec![3]).is_some() && PublicKey::rs256(vec![1; 255], vec![3]).is_none());
}

#[test]
fn a_text_is_a_token_in_one_way_only() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (head, claims) = (part(r#"{"alg":"ES256"}"#), part("{}"));
    assert!(Compact::read(&format!("{head}.{claims}.AAAA")).is_ok());
    for (text, why) in [
        (format!("{head}.{claims}"), Unreadable::Shape),
        (format!("{head}.{claims}.AAAA."), Unreadable::Shape),
        (format!("{head}.{claims}.{}", "A".repeat(8192)), Unreadable::Shape),
        (format!("{head}.{claims}.AAAA="), Unreadable::Encoding),
        (format!("{head}.{claims}.AAB"), Unreadable::Encoding),
        (format!("{head}.{claims}.A+AA"), Unreadable::Encoding),
        (format!(" {head}.{claims}.AAAA"), Unreadable::Encoding),
        (format!("{}.{claims}.AAAA", part("{}")), Unreadable::Head),
        (format!("{}.{claims}.AAAA", part(r#"{"alg":"ES256","crit":["b64"]}"#)), Unreadable::Head),
        (format!("{}.{claims}.AAAA", part(r#"{"alg":"ES256","alg":"none"}"#)), Unreadable::Head),
        (format!("{}.{claims}.AAAA", part(r#"{"alg":"none"}"#)), Unreadable::Algorithm),
        (format!("{}.{claims}.AAAA", part(r#"{"alg":"HS256"}"#)), Unreadable::Algorithm),
        (format!("{}.{claims}.AAAA", part(r#"{"alg":"es256"}"#)), Unreadable::Algorithm),
    ] {
        assert_eq!(Compact::read(&text).unwrap_err(), why, "{text}");
    }
}
