//! How often sessions may be asked for from one address. In: an address, what it asks for, the time. Out: a problem where it was too often. In memory, of
//! this pod alone, and bounded.
//!
//! Supabase counts by address too, but where it isn't told the visitor's it knows this program's alone: one visitor could use up what all have together.

use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use rerp_kit::bounded::Bounded;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::TOO_MANY_REQUESTS;

use super::Sessions;
use super::visitor::{counted, visitor};

/// Those who are known at the same time. Whoever is forgotten because of others only ever gets too much.
const KNOWN: usize = 20_000;
const WINDOW: Duration = Duration::from_secs(60);

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What proves who somebody is: passwords, codes, letters.
    Proof,
    /// What whoever is signed in does: another token, signing out.
    Stay,
}

impl Kind {
    fn of(request: &Request) -> Self {
        let stays = request.method() == Method::DELETE || request.uri().path() == "/session/refresh";
        if stays { Self::Stay } else { Self::Proof }
    }

    /// Many people share an address.
    const fn quota(self) -> Quota {
        let count = match self {
            Self::Proof => 20,
            Self::Stay => 120,
        };
        Quota { count, window: WINDOW }
    }
}

/// So many at once, and evenly as many again within each window afterwards.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// How many.
    pub count: u32,
    /// In which time.
    pub window: Duration,
}

/// Who asked lately.
#[derive(Debug)]
pub struct Rates<K>(Bounded<K, Instant>);

impl<K: Hash + Eq + Clone> Default for Rates<K> {
    fn default() -> Self {
        Self(Bounded::new(KNOWN))
    }
}

impl<K: Hash + Eq + Clone> Rates<K> {
    /// Counts one more. Kept is when everything would be allowed again, which each call moves on by its share of the window.
    ///
    /// # Errors
    /// It was one too many.
    pub fn take(&self, who: &K, quota: Quota, now: Instant) -> Result<(), Problem> {
        let one = quota.window / quota.count;
        let take = |free: &mut Instant| {
            let ahead = free.saturating_duration_since(now) + one;
            let early = ahead.saturating_sub(quota.window);
            if early.is_zero() {
                *free = now + ahead;
            }
            early
        };
        let early = self.0.with(who, || now, take);
        if early.is_zero() {
            return Ok(());
        }
        let seconds = u32::try_from(early.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        Err(Problem::new(TOO_MANY_REQUESTS).retry_after(seconds))
    }

    /// One that was taken counts no more.
    pub fn give_back(&self, who: &K, quota: Quota, now: Instant) {
        let one = quota.window / quota.count;
        self.0.with(who, || now, |free| *free = free.checked_sub(one).unwrap_or(now));
    }
}

/// Surrounds the routes.
pub async fn seldom(State(sessions): State<Arc<Sessions>>, request: Request, next: Next) -> Result<Response, Problem> {
    let from = counted(visitor(request.headers()));
    let kind = Kind::of(&request);
    sessions.rates.take(&(from, kind), kind.quota(), Instant::now())?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn all_at_once_and_then_evenly() {
        let (rates, begin) = (Rates::default(), Instant::now());
        let from: IpAddr = "192.0.2.1".parse().unwrap();
        let ask = |after: u64| rates.take(&from, Kind::Proof.quota(), begin + Duration::from_secs(after));
        let allowed = (0..100).filter(|_| ask(0).is_ok()).count();
        assert_eq!(allowed, 20);
        assert_eq!(ask(0).unwrap_err(), Problem::new(TOO_MANY_REQUESTS).retry_after(4));
        assert!(ask(2).is_err() && ask(3).is_ok() && ask(3).is_err(), "refusals cost nothing");
        assert_eq!((0..100).filter(|_| ask(3_600).is_ok()).count(), 20, "it is full again, and no fuller");
    }

    #[test]
    fn addresses_and_kinds_are_apart() {
        let (rates, now) = (Rates::default(), Instant::now());
        let from = |text: &'static str, kind: Kind| rates.take(&(text, kind), kind.quota(), now).is_ok();
        while from("192.0.2.1", Kind::Proof) {}
        assert!(from("192.0.2.2", Kind::Proof) && from("192.0.2.1", Kind::Stay));
    }
}
