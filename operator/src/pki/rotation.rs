//! How a new authority takes the old one's place while everybody goes on trusting everybody. Pure. In: the authority's Secret, who
//! lacks what the present stage waits for, a time. Out: the next step, and the Secret after it.
//!
//! Spreading: the next root is trusted beside the present one, and signs nothing yet. Signing: it signs; the old root is still
//! trusted. Each stage ends when every Secret and ConfigMap holds what it brought, and pods have had time to read that. So
//! nobody ever meets a certificate of a root that it doesn't know. An authority that the operator didn't make is a person's: it is
//! changed only when somebody asks.

use super::authority::text;
use super::issue::{Leaf, ORGANIZATION};
use super::{CERTIFICATE, Error, KEY, ROOTS};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use rerp_crds::Duration;
use x509_parser::pem::parse_x509_pem;

/// Annotation by which a person asks for a new authority; its value doesn't matter.
pub const ASKED: &str = "rerp.dev/change-authority";
/// Annotation by which a person says how long pods may take to read what their Secrets and ConfigMaps hold.
pub const SETTLE: &str = "rerp.dev/authority-settle";
/// Annotation: the stage of a change under way.
const STAGE: &str = "rerp.dev/authority-stage";
/// Annotation: since when everybody holds what the stage brought.
const SINCE: &str = "rerp.dev/authority-held-since";
/// Key of the certificate of the authority to come.
const NEXT_CERTIFICATE: &str = "next.crt";
/// Key of its private key.
const NEXT_KEY: &str = "next.key";
/// Key of the certificate of the authority that signed before.
const OLD_CERTIFICATE: &str = "old.crt";

/// Last line of a certificate.
const END: &str = "-----END CERTIFICATE-----";
/// How long pods may take where nobody says: ten times what a kubelet needs by default.
const SETTLE_DEFAULT: SignedDuration = SignedDuration::from_mins(15);

/// How far the change of an authority is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One authority, and no reason for another.
    Settled,
    /// Half of its life is over, or a person has asked.
    Due,
    /// It signs nothing any more.
    Ended,
    /// As well, and the next one is trusted by whoever was in time.
    EndedSpreading,
    /// Everybody is to trust the next one too.
    Spreading(Held),
    /// Everybody is to have a certificate of the new one.
    Signing(Held),
}

/// Since when everybody was seen to hold what a stage brought; none: not yet.
pub type Held = Option<Timestamp>;

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// Make the next authority, and have it trusted.
    Begin,
    /// Write down since when everybody holds what is waited for; none: somebody doesn't any more.
    Note(Held),
    /// Sign with the next one.
    Sign,
    /// Trust the new one alone.
    Retire,
    /// Make a new authority in the place of one that has ended: nobody trusts anybody as it is.
    Replace,
}

/// The stage that the Secret says.
///
/// # Errors
/// Its certificate can't be read, or it has ended and is a person's.
pub fn stage(secret: &Secret, now: Timestamp) -> Result<Stage, Error> {
    let note = |key: &str| secret.annotations().get(key).map(String::as_str);
    let held = note(SINCE).and_then(|since| since.parse().ok());
    let life = life(&text(secret, CERTIFICATE)?)?;
    let half = life.begin.checked_add(life.end.duration_since(life.begin) / 2).map_err(|_| Error::Time)?;
    let ended = life.end <= now;
    Ok(match note(STAGE) {
        Some("Spreading") if ended && text(secret, NEXT_CERTIFICATE).is_ok() => Stage::EndedSpreading,
        _ if ended && !life.ours => return Err(Error::Ended { at: life.end, ours: false }),
        _ if ended => Stage::Ended,
        Some("Spreading") if text(secret, NEXT_CERTIFICATE).is_ok() => Stage::Spreading(held),
        Some("Signing") => Stage::Signing(held),
        _ if (life.ours && half <= now) || note(ASKED).is_some() => Stage::Due,
        _ => Stage::Settled,
    })
}

/// The step that is due. `lacking` tells whether anybody lacks what the stage brought.
#[must_use]
pub fn step(stage: Stage, lacking: bool, settle: SignedDuration, now: Timestamp) -> Step {
    let (held, done) = match stage {
        Stage::Settled => return Step::Wait,
        Stage::Due => return Step::Begin,
        Stage::Ended => return Step::Replace,
        Stage::EndedSpreading => return Step::Sign,
        Stage::Spreading(held) => (held, Step::Sign),
        Stage::Signing(held) => (held, Step::Retire),
    };
    match held {
        None if lacking => Step::Wait,
        None => Step::Note(Some(now)),
        Some(_) if lacking => Step::Note(None),
        Some(since) if now.duration_since(since) >= settle => done,
        Some(_) => Step::Wait,
    }
}

/// How long pods may take to read what their Secrets and ConfigMaps hold.
///
/// # Errors
/// The annotation holds something else than a duration.
pub fn settle(secret: &Secret) -> Result<SignedDuration, Error> {
    let Some(said) = secret.annotations().get(SETTLE) else { return Ok(SETTLE_DEFAULT) };
    let parsed = Duration::new(said.as_str()).parse().ok();
    parsed.and_then(|settle| SignedDuration::try_from(settle).ok()).ok_or_else(|| Error::Settle(said.clone()))
}

/// The certificate that everybody has to trust (Spreading), or that has to have signed everything (Signing).
///
/// # Errors
/// It isn't there.
pub fn awaited(secret: &Secret, stage: Stage) -> Result<String, Error> {
    text(secret, if matches!(stage, Stage::Spreading(_)) { NEXT_CERTIFICATE } else { CERTIFICATE })
}

/// The Secret after a step. `made` is the new authority, for the steps that need one.
///
/// # Errors
/// Something that the step builds on is missing or can't be read.
pub fn after(secret: &Secret, step: Step, made: impl FnOnce() -> Result<Leaf, Error>) -> Result<Secret, Error> {
    let mut new = secret.clone();
    match step {
        Step::Wait => {}
        Step::Note(held) => note(&mut new, SINCE, held.map(|since| since.to_string())),
        Step::Begin => {
            let next = made()?;
            put(&mut new, ROOTS, roots(secret)? + &next.certificate);
            put(&mut new, NEXT_CERTIFICATE, next.certificate);
            put(&mut new, NEXT_KEY, next.key);
            // Whoever asked has been heard. A wish that comes during a change waits for the next one.
            note(&mut new, ASKED, None);
            enter(&mut new, Some("Spreading"));
        }
        Step::Sign => {
            put(&mut new, OLD_CERTIFICATE, text(secret, CERTIFICATE)?);
            put(&mut new, CERTIFICATE, text(secret, NEXT_CERTIFICATE)?);
            put(&mut new, KEY, text(secret, NEXT_KEY)?);
            drop_keys(&mut new, &[NEXT_CERTIFICATE, NEXT_KEY]);
            enter(&mut new, Some("Signing"));
        }
        Step::Retire => {
            let left = without(&roots(secret)?, &text(secret, OLD_CERTIFICATE)?)?;
            put(&mut new, ROOTS, left);
            drop_keys(&mut new, &[OLD_CERTIFICATE]);
            enter(&mut new, None);
        }
        Step::Replace => {
            let made = made()?;
            put(&mut new, CERTIFICATE, made.certificate);
            put(&mut new, KEY, made.key);
            drop_keys(&mut new, &[ROOTS, NEXT_CERTIFICATE, NEXT_KEY, OLD_CERTIFICATE]);
            note(&mut new, ASKED, None);
            enter(&mut new, None);
        }
    }
    Ok(new)
}

/// Begins a stage.
fn enter(secret: &mut Secret, stage: Option<&str>) {
    note(secret, STAGE, stage.map(str::to_owned));
    note(secret, SINCE, None);
}

fn note(secret: &mut Secret, key: &str, value: Option<String>) {
    let notes = secret.annotations_mut();
    match value {
        Some(value) => _ = notes.insert(key.to_owned(), value),
        None => _ = notes.remove(key),
    }
}

fn put(secret: &mut Secret, key: &str, value: String) {
    secret.data.get_or_insert_default().insert(key.to_owned(), ByteString(value.into_bytes()));
}

fn drop_keys(secret: &mut Secret, keys: &[&str]) {
    secret.data.get_or_insert_default().retain(|key, _| !keys.contains(&key.as_str()));
}

/// What is trusted now; each certificate ends with a line of its own.
fn roots(secret: &Secret) -> Result<String, Error> {
    let mut roots = match text(secret, ROOTS) {
        Err(Error::Missing { .. }) => text(secret, CERTIFICATE)?,
        found => found?,
    };
    if !roots.ends_with('\n') {
        roots.push('\n');
    }
    Ok(roots)
}

/// `roots` without the one certificate; others that a person put there stay.
fn without(roots: &str, old: &str) -> Result<String, Error> {
    let contents = |text: &str, key| match parse_x509_pem(text.as_bytes()) {
        Ok((_, pem)) => Ok(pem.contents),
        Err(_) => Err(Error::Unreadable { key }),
    };
    let (old, mut left) = (contents(old, OLD_CERTIFICATE)?, String::new());
    for block in roots.split_inclusive(END).filter(|block| block.contains(END)) {
        if contents(block, ROOTS)? != old {
            left.push_str(block.trim_start());
            left.push('\n');
        }
    }
    Ok(left)
}

/// What a certificate of an authority says of itself.
pub(super) struct AuthorityLife {
    begin: Timestamp,
    /// When it ends.
    pub(super) end: Timestamp,
    /// Whether the operator made it.
    pub(super) ours: bool,
}

/// Reads the certificate of an authority.
pub(super) fn life(certificate: &str) -> Result<AuthorityLife, Error> {
    let unreadable = || Error::Unreadable { key: CERTIFICATE };
    let (_, pem) = parse_x509_pem(certificate.as_bytes()).map_err(|_| unreadable())?;
    let parsed = pem.parse_x509().map_err(|_| unreadable())?;
    let at = |second: i64| Timestamp::from_second(second).map_err(|_| Error::Time);
    let validity = parsed.validity();
    let ours = parsed.subject().iter_organization().any(|name| name.as_str() == Ok(ORGANIZATION));
    Ok(AuthorityLife { begin: at(validity.not_before.timestamp())?, end: at(validity.not_after.timestamp())?, ours })
}

#[cfg(test)]
#[path = "rotation_tests.rs"]
mod tests;
