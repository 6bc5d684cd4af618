//! The change of an authority, step by step, with what everybody trusts and what signs.

use super::*;
use crate::pki::authority::Authority;
use crate::pki::{issue, to_secret};
use std::collections::BTreeMap;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn made() -> Leaf {
    issue::authority("rerp.local", at(0)).unwrap()
}

fn asked(secret: &mut Secret, key: &str, value: &str) {
    secret.metadata.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
}

/// Takes the step that is due and returns it with the Secret after it, which has to be usable.
fn go(secret: &Secret, lacking: bool, now: i64) -> (Step, Secret) {
    let step = step(stage(secret, at(now)).unwrap(), lacking, settle(secret).unwrap(), at(now));
    let new = after(secret, step, || Ok(made())).unwrap();
    Authority::of(&new, at(now)).unwrap();
    (step, new)
}

fn of(secret: &Secret, key: &'static str) -> String {
    text(secret, key).unwrap()
}

#[test]
fn a_change_goes_from_one_root_over_two_to_the_other() {
    let mut first = to_secret(&made());
    asked(&mut first, SETTLE, "30s");
    let (old, key) = (of(&first, CERTIFICATE), of(&first, KEY));
    assert_eq!(go(&first, false, 0), (Step::Wait, first.clone()), "a settled authority is left alone");
    asked(&mut first, ASKED, "");

    let (step, spreading) = go(&first, false, 0);
    assert_eq!(step, Step::Begin);
    let next = of(&spreading, NEXT_CERTIFICATE);
    assert_eq!((of(&spreading, CERTIFICATE), of(&spreading, KEY)), (old.clone(), key), "it goes on signing");
    assert_eq!(of(&spreading, ROOTS), format!("{old}{next}"));
    assert!(!spreading.annotations().contains_key(ASKED), "the wish has been heard");
    assert_eq!(go(&spreading, true, 1000).0, Step::Wait, "somebody doesn't trust the next one yet");

    let (step, held) = go(&spreading, false, 1000);
    assert_eq!(step, Step::Note(Some(at(1000))));
    assert_eq!(go(&held, false, 1029).0, Step::Wait, "pods have not had time");
    assert_eq!(go(&held, true, 1029), (Step::Note(None), spreading.clone()), "somebody trusts it no more");

    let (step, signing) = go(&held, false, 1030);
    assert_eq!(step, Step::Sign);
    assert_eq!((of(&signing, CERTIFICATE), of(&signing, OLD_CERTIFICATE)), (next.clone(), old));
    assert_eq!(of(&signing, ROOTS), of(&held, ROOTS), "the old root is still trusted");
    assert!(text(&signing, NEXT_KEY).is_err(), "a key is in one place");
    assert_eq!(go(&signing, true, 5000).0, Step::Wait, "somebody has a certificate of the old one");

    let (_, renewed) = go(&signing, false, 5000);
    let (step, settled) = go(&renewed, false, 5030);
    assert_eq!(step, Step::Retire);
    assert_eq!(of(&settled, ROOTS), next);
    let keys: Vec<_> = settled.data.clone().unwrap().into_keys().collect();
    assert_eq!(keys, [ROOTS, CERTIFICATE, KEY]);
    assert_eq!(settled.annotations().keys().collect::<Vec<_>>(), [SETTLE], "nothing of the change is left");
    assert_eq!(go(&settled, false, 9999).0, Step::Wait);
}

#[test]
fn half_of_its_life_is_a_reason() {
    let first = to_secret(&made());
    let half = 5 * 365 * 24 * 3600;
    assert_eq!(stage(&first, at(half - 60)).unwrap(), Stage::Settled);
    assert_eq!(stage(&first, at(half)).unwrap(), Stage::Due);
}

#[test]
fn what_has_ended_gives_way_in_any_stage() {
    let mut first = to_secret(&made());
    asked(&mut first, ASKED, "");
    let (_, spreading) = go(&first, false, 0);
    let ended = 11 * 365 * 24 * 3600;
    // The next one is trusted by many already, so it signs at once.
    assert_eq!(stage(&spreading, at(ended)).unwrap(), Stage::EndedSpreading);
    assert_eq!(step(Stage::EndedSpreading, true, SignedDuration::MAX, at(ended)), Step::Sign);
    let (_, held) = go(&spreading, false, 0);
    let (_, signing) = go(&held, false, 9999);
    for secret in [first, signing] {
        assert_eq!(stage(&secret, at(ended)).unwrap(), Stage::Ended);
        let new = after(&secret, Step::Replace, || issue::authority("rerp.local", at(ended))).unwrap();
        let authority = Authority::of(&new, at(ended)).unwrap();
        assert_eq!(authority.roots(), of(&new, CERTIFICATE));
        assert_eq!(new.data.unwrap().into_keys().collect::<Vec<_>>(), [CERTIFICATE, KEY]);
        assert_eq!(new.metadata.annotations.unwrap_or_default(), BTreeMap::new());
    }
}

#[test]
fn roots_of_a_persons_own_stay() {
    let (mut first, own) = (to_secret(&made()), made().certificate);
    let mixed = format!("# ours\n{}# theirs\n{own}", of(&first, CERTIFICATE));
    put(&mut first, ROOTS, mixed.trim_end().to_owned());
    asked(&mut first, SETTLE, "0s");
    asked(&mut first, ASKED, "");
    let mut secret = first;
    for _ in 0..5 {
        secret = go(&secret, false, 0).1;
    }
    assert_eq!(stage(&secret, at(0)).unwrap(), Stage::Settled);
    let roots = of(&secret, ROOTS);
    assert!(roots.contains(own.trim()) && roots.contains(of(&secret, CERTIFICATE).trim()), "{roots}");
    assert_eq!(roots.matches(END).count(), 2, "{roots}");
}

#[test]
fn a_persons_own_authority_changes_only_when_somebody_asks() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    params.not_before = time::OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    params.not_after = params.not_before + time::Duration::days(30);
    let theirs = params.self_signed(&key).unwrap();
    let mut secret = to_secret(&Leaf { certificate: theirs.pem(), key: key.serialize_pem() });
    let days = |days: i64| at(days * 24 * 3600);
    assert_eq!(stage(&secret, days(29)).unwrap(), Stage::Settled);
    assert!(matches!(stage(&secret, days(31)), Err(Error::Ended { ours: false, .. })));
    asked(&mut secret, ASKED, "");
    assert_eq!(stage(&secret, days(1)).unwrap(), Stage::Due);
}

#[test]
fn a_wish_that_comes_during_a_change_is_kept_for_the_next() {
    let mut secret = to_secret(&made());
    asked(&mut secret, SETTLE, "0s");
    asked(&mut secret, ASKED, "");
    secret = go(&secret, false, 0).1;
    asked(&mut secret, ASKED, "again");
    for _ in 0..4 {
        secret = go(&secret, false, 0).1;
    }
    assert_eq!(go(&secret, false, 0).0, Step::Begin);
}

#[test]
fn a_time_that_is_none_is_named() {
    let mut secret = to_secret(&made());
    asked(&mut secret, SETTLE, "soon");
    assert!(settle(&secret).unwrap_err().to_string().contains("'soon', which is no duration such as 15m"));
}
