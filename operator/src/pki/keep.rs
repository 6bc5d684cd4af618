//! The certificate of one object, kept fresh. In: the Secret it is in, what it is to say. Out: the certificate for this pass, a new
//! one where that is due, and when to look again. Must not write: whoever owns the Secret applies it.

use super::authority::{self, Authority};
use super::issue::{self, Leaf, Names};
use super::plan::{self, Due, Life, Wanted};
use super::{CERTIFICATE, Error, KEY};
use crate::cluster::child::Owner;
use crate::cluster::read;
use crate::context::Context;
use crate::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use rerp_crds::names::CA_SECRET;
use std::time::Duration;

/// How soon a certificate that could not be looked after is looked after again, whatever else is to be said of its holder.
const SOON: SignedDuration = SignedDuration::from_secs(5);

/// A certificate that is as it should be.
pub struct Kept {
    /// Certificate and key.
    pub leaf: Leaf,
    /// From when until when.
    pub life: Life,
    /// What everybody trusts, PEM.
    pub roots: String,
}

/// The certificate in the Secret `secret` of the owner's namespace if it is what it is to be, else a new one.
pub async fn keep(
    context: &Context,
    owner: &Owner,
    secret: &str,
    names: Names,
    ttl: Duration,
) -> Result<Kept, Outcome> {
    let authority = authority::ensure(context).await?;
    let now = context.clock.now();
    let wanted = Wanted { names, ttl, authority: authority.key_id().to_vec() };
    let secrets = Api::<Secret>::namespaced(context.client.clone(), &owner.namespace);
    let live = read::get(&secrets, secret).await?;
    let (leaf, life) = match plan::due(live.as_ref(), &wanted, now).and_then(|life| kept(live, life)) {
        Ok(kept) => kept,
        Err(why) => make(&authority, &wanted, why, now)?,
    };
    Ok(Kept { leaf, life, roots: authority.roots().to_owned() })
}

/// Has the owner visited again in time, whatever this visit comes to.
pub fn look_again(context: &Context, owner: &Owner, kept: Result<&Life, &Outcome>) {
    let due = match kept {
        Ok(life) => Some(life.renewal_at),
        Err(Outcome::Refused { .. }) => None,
        Err(_) => context.clock.now().checked_add(SOON).ok(),
    };
    if let Some(due) = due {
        context.look_again_by(&owner.uid, due);
    }
}

fn kept(live: Option<Secret>, life: Life) -> Result<(Leaf, Life), Due> {
    let data = live.and_then(|secret| secret.data).ok_or(Due::Absent)?;
    let text = |key: &str| data.get(key).and_then(|bytes| String::from_utf8(bytes.0.clone()).ok()).ok_or(Due::Unusable);
    Ok((Leaf { certificate: text(CERTIFICATE)?, key: text(KEY)? }, life))
}

fn make(authority: &Authority, wanted: &Wanted, why: Due, now: Timestamp) -> Result<(Leaf, Life), Outcome> {
    let failed = |error: Error| error.outcome(CA_SECRET);
    let leaf = issue::leaf(authority, &wanted.names, wanted.ttl, now).map_err(failed)?;
    let life = plan::life_from(now, wanted.ttl).ok_or(Error::Time).map_err(failed)?;
    tracing::info!(identity = wanted.names.identity, ?why, until = %life.not_after, "made a certificate");
    Ok((leaf, life))
}
