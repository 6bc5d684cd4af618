//! The Lease: at most one process acts. In: a Lease in the operator's namespace. Out: `acquire`
//! returns once we hold it, `hold` returns when we no longer do; then the process must end.
//! Must not: trust another machine's clock (expiry is measured on our own monotonic clock from the
//! last change we saw), or write without the resourceVersion it read.

use crate::cluster::{self, call};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often and how long. Giving up has to come well before anybody else may take over.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A holder that hasn't renewed for this long has lost the lease.
    pub duration: Duration,
    /// The holder renews this often.
    pub renew: Duration,
    /// A holder that could not renew for this long leaves.
    pub give_up: Duration,
    /// A candidate looks this often.
    pub retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let [duration, renew, give_up, retry] = [15, 4, 10, 2].map(Duration::from_secs);
        Self { duration, renew, give_up, retry }
    }
}

/// One candidate for one Lease.
pub struct Leader {
    api: Api<Lease>,
    name: String,
    identity: String,
    pace: Pace,
}

/// The Lease as last seen, and when it last changed on our clock.
struct Seen {
    version: Option<String>,
    since: Instant,
}

impl Leader {
    /// A candidate named `identity` for the Lease `name` in `namespace`.
    pub fn new(client: kube::Client, namespace: &str, name: &str, identity: &str, pace: Pace) -> Self {
        Self { api: Api::namespaced(client, namespace), name: name.to_owned(), identity: identity.to_owned(), pace }
    }

    /// Waits until the Lease is ours. Errors are logged and retried: an API server that is away
    /// must not end a standby.
    pub async fn acquire(&self) {
        let mut seen = Seen { version: None, since: Instant::now() };
        loop {
            match self.try_acquire(&mut seen).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(error = error.describe(), "can't take the lease"),
            }
            sleep(self.pace.retry).await;
        }
    }

    /// Renews until a renewal is refused or none succeeds in time. The caller must leave the process.
    pub async fn hold(&self) {
        let mut renewed = Instant::now();
        loop {
            sleep(self.pace.renew).await;
            match tokio::time::timeout(self.pace.renew, self.renew()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(error = error.describe(), "can't renew the lease"),
                Err(_) => tracing::warn!("the lease's renewal got no answer"),
            }
            if renewed.elapsed() > self.pace.give_up {
                return;
            }
        }
    }

    /// Gives the Lease back, so that a successor needn't wait for its expiry. Best effort.
    pub async fn release(&self) {
        let released = async {
            let Some(mut lease) = self.read().await? else { return Ok(()) };
            if holder(&lease) != Some(self.identity.as_str()) {
                return Ok(());
            }
            lease.spec.get_or_insert_default().holder_identity = None;
            self.replace(&lease).await.map(|_| ())
        };
        if let Err(error) = released.await {
            let error: cluster::Error = error;
            tracing::warn!(error = error.describe(), "can't release the lease");
        }
    }

    async fn try_acquire(&self, seen: &mut Seen) -> Result<bool, cluster::Error> {
        let Some(lease) = self.read().await? else {
            return self.create().await;
        };
        let version = lease.metadata.resource_version.clone();
        if seen.version != version {
            *seen = Seen { version, since: Instant::now() };
        }
        match holder(&lease) {
            Some(other) if other != self.identity && seen.since.elapsed() < self.pace.duration => Ok(false),
            _ => self.replace(&self.taken(lease)).await,
        }
    }

    async fn renew(&self) -> Result<bool, cluster::Error> {
        match self.read().await? {
            Some(lease) if holder(&lease) == Some(self.identity.as_str()) => self.replace(&self.taken(lease)).await,
            _ => Ok(false),
        }
    }

    fn taken(&self, lease: Lease) -> Lease {
        taken(lease, &self.identity, self.pace.duration, jiff::Timestamp::now())
    }

    async fn read(&self) -> Result<Option<Lease>, cluster::Error> {
        call("get", "Lease", &self.name, self.api.get_opt(&self.name)).await
    }

    /// Creates the Lease as ours; false if somebody else was first.
    async fn create(&self) -> Result<bool, cluster::Error> {
        let fresh =
            Lease { metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() }, spec: None };
        let lease = self.taken(fresh);
        lost_if_conflict(call("create", "Lease", &self.name, self.api.create(&PostParams::default(), &lease)).await)
    }

    /// Replaces the Lease at the resourceVersion it was read with; false on a conflict.
    async fn replace(&self, lease: &Lease) -> Result<bool, cluster::Error> {
        let params = PostParams::default();
        lost_if_conflict(call("replace", "Lease", &self.name, self.api.replace(&self.name, &params, lease)).await)
    }
}

fn lost_if_conflict(result: Result<Lease, cluster::Error>) -> Result<bool, cluster::Error> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.class() == cluster::Class::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}

fn holder(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
    (!holder.is_empty()).then_some(holder)
}

/// The Lease with us as its holder. Counts a transition only when the holder changes.
fn taken(mut lease: Lease, identity: &str, duration: Duration, now: jiff::Timestamp) -> Lease {
    let ours = holder(&lease) == Some(identity);
    let spec = lease.spec.get_or_insert_with(LeaseSpec::default);
    if !ours {
        spec.acquire_time = Some(MicroTime(now));
        spec.lease_transitions = Some(spec.lease_transitions.unwrap_or(0) + 1);
    }
    spec.holder_identity = Some(identity.to_owned());
    spec.lease_duration_seconds = i32::try_from(duration.as_secs().max(1)).ok();
    spec.renew_time = Some(MicroTime(now));
    lease
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewing_is_no_transition_and_taking_over_is() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let first = taken(Lease::default(), "a", Duration::ZERO, now);
        let renewed = taken(first.clone(), "a", Duration::ZERO, now);
        let moved = taken(renewed.clone(), "b", Duration::ZERO, now);
        let transitions = |lease: &Lease| lease.spec.as_ref().and_then(|s| s.lease_transitions);
        assert_eq!(transitions(&first), Some(1));
        assert_eq!(transitions(&renewed), Some(1));
        assert_eq!(transitions(&moved), Some(2));
        assert_eq!(holder(&moved), Some("b"));
    }

    #[test]
    fn a_released_lease_has_no_holder() {
        let mut lease = taken(Lease::default(), "a", Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        lease.spec.get_or_insert_default().holder_identity = Some(String::new());
        assert_eq!(holder(&lease), None);
    }
}
