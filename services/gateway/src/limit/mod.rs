//! How often somebody may ask. In: who, which class of route, and the time. Out: that it is too often, or what is left to be told in
//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). Kept in memory, of this pod alone, and bounded.
//!
//! An address is counted before a token is looked at: looking costs. A person and a key are counted once they are known.

mod address;
mod bucket;
mod told;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use rerp_kit::bearer::Principal;
use rerp_kit::bounded::Bounded;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::TOO_MANY_REQUESTS;
use uuid::Uuid;

pub use address::{Network, NotANetwork, counted, of_client};
pub use bucket::{Bucket, Verdict};
pub use told::Counted;

use crate::rates::{Quota, Rate};
use told::Kind;

/// Somebody who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// An address, or a network that counts as one.
    Address(IpAddr),
    /// A network of many of these.
    Network(IpAddr),
    /// A person.
    Person(Uuid),
    /// An application.
    Key(Arc<str>),
}

impl Who {
    fn kind(&self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::Network(_) => Kind::Network,
            Self::Person(_) => Kind::Person,
            Self::Key(_) => Kind::Key,
        }
    }
}

/// Everybody who asked lately.
#[derive(Debug)]
pub struct Limits {
    buckets: Bounded<(Who, Rate), Bucket>,
}

impl Limits {
    /// Counts for `capacity` somebodies at the same time. Whoever isn't seen while as many others are is forgotten, which only ever
    /// gives too much.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { buckets: Bounded::new(capacity) }
    }

    /// Counts a call from an address.
    ///
    /// # Errors
    /// It was one too many; what was counted is told then as well.
    pub fn address(&self, from: IpAddr, rate: Rate, now: Instant, counted: &mut Counted) -> Result<(), Problem> {
        self.count(Who::Address(address::counted(from)), rate, rate.of_address(), now, counted)?;
        match (rate.of_network(), address::network(from)) {
            (Some(quota), Some(network)) => self.count(Who::Network(network), rate, quota, now, counted),
            _ => Ok(()),
        }
    }

    /// Counts a call of a person, and of the application it came through.
    ///
    /// # Errors
    /// As `address`.
    pub fn principal(&self, who: &Principal, rate: Rate, now: Instant, counted: &mut Counted) -> Result<(), Problem> {
        self.count(Who::Person(who.id), rate, rate.of_person(), now, counted)?;
        match &who.key {
            Some(key) => self.count(Who::Key(Arc::clone(key)), rate, rate.of_key(), now, counted),
            None => Ok(()),
        }
    }

    fn count(&self, who: Who, rate: Rate, quota: Quota, now: Instant, counted: &mut Counted) -> Result<(), Problem> {
        let kind = who.kind();
        let verdict = self.buckets.with(&(who, rate), || Bucket::new(now), |bucket| bucket.take(quota, now));
        counted.add(kind, rate, verdict);
        if verdict.allowed {
            return Ok(());
        }
        let detail = format!("{} calls in {} s for one {}", quota.quota, quota.window, kind.name());
        Err(Problem::new(TOO_MANY_REQUESTS).detail(detail).retry_after(verdict.next_in.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderMap;

    #[test]
    fn an_address_has_its_quota_and_is_told() {
        let (limits, now) = (Limits::new(1000), Instant::now());
        let from: IpAddr = "192.0.2.1".parse().unwrap();
        let quota = Rate::Form.of_address().quota;
        for _ in 0..quota {
            assert!(limits.address(from, Rate::Form, now, &mut Counted::default()).is_ok());
        }
        let mut counted = Counted::default();
        let problem = limits.address(from, Rate::Form, now, &mut counted).unwrap_err();
        assert_eq!(problem.kind(), TOO_MANY_REQUESTS);
        let mut headers = HeaderMap::new();
        counted.tell(&mut headers);
        assert_eq!(headers["ratelimit-policy"], format!("\"address-form\";q={quota};w=60"));
        assert_eq!(headers["ratelimit"], "\"address-form\";r=0;t=60");
        assert_eq!(headers["retry-after"], "2");
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        assert!(limits.address(other, Rate::Form, now, &mut Counted::default()).is_ok());
        assert!(limits.address(from, Rate::Page, now, &mut Counted::default()).is_ok(), "classes are apart");
    }

    #[test]
    fn a_free_network_of_ipv6_is_not_many_addresses() {
        let (limits, now) = (Limits::new(1000), Instant::now());
        let ask = |network: u32, rate| {
            limits.address(format!("2001:db8:0:{network:x}::1").parse().unwrap(), rate, now, &mut Counted::default())
        };
        let allowed = |rate| (0..1000).filter(|network| ask(*network, rate).is_ok()).count();
        assert_eq!(allowed(Rate::Codes), 8 * Rate::Codes.of_address().quota as usize);
        assert_eq!(allowed(Rate::Read), 1000, "reading costs little");
    }

    #[test]
    fn neighbours_in_one_network_share() {
        let (limits, now) = (Limits::new(1000), Instant::now());
        let taken = |text: &str| {
            let mut counted = Counted::default();
            let _ = limits.address(text.parse().unwrap(), Rate::Codes, now, &mut counted);
            counted.verdict(Kind::Address).unwrap().left
        };
        let first = taken("2001:db8::1");
        assert_eq!(taken("2001:db8::ffff:1"), first - 1);
        assert_eq!(taken("2001:db8:0:1::1"), first);
    }
}
