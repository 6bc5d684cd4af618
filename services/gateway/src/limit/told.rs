//! What was counted for one request. In: verdicts of buckets. Out: the headers that tell them, `RateLimit` and `RateLimit-Policy`. Pure.
//!
//! Of policies there are as many as there are classes of routes and sorts of somebody: they are written once. What is left is written anew.

use std::fmt::Write as _;
use std::sync::LazyLock;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Verdict;
use crate::rates::{Quota, Rate};

/// Sorts of somebody.
const KINDS: usize = Kind::ALL.len();
/// Longest text of what is left: names are short, and numbers have ten digits.
const LONGEST: usize = 48;

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static LEFT: HeaderName = HeaderName::from_static("ratelimit");
/// What is told of a class of routes by who was counted, each a bit.
static POLICIES: LazyLock<[[Option<HeaderValue>; 1 << KINDS]; Rate::ALL.len()]> =
    LazyLock::new(|| Rate::ALL.map(|rate| std::array::from_fn(|counted| policies(rate, counted))));

/// A sort of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Address,
    Network,
    Person,
    Key,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Address, Self::Network, Self::Person, Self::Key];

    /// As policies have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
            Self::Person => "person",
            Self::Key => "key",
        }
    }

    fn quota(self, rate: Rate) -> Option<Quota> {
        match self {
            Self::Address => Some(rate.of_address()),
            Self::Network => rate.of_network(),
            Self::Person => Some(rate.of_person()),
            Self::Key => Some(rate.of_key()),
        }
    }
}

/// See the file's header. All counts of a request are of its route's class.
#[derive(Debug, Default)]
pub struct Counted {
    rate: Option<Rate>,
    verdicts: [Option<Verdict>; KINDS],
}

impl Counted {
    pub(super) fn add(&mut self, kind: Kind, rate: Rate, verdict: Verdict) {
        self.rate = Some(rate);
        self.verdicts[kind as usize] = Some(verdict);
    }

    #[cfg(test)]
    pub(super) fn verdict(&self, kind: Kind) -> Option<Verdict> {
        self.verdicts[kind as usize]
    }

    /// Whether nobody was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rate.is_none()
    }

    /// Adds the headers to an answer: every policy, and what is left of the tightest.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let counted = || Kind::ALL.into_iter().zip(self.verdicts).filter_map(|(kind, verdict)| Some((kind, verdict?)));
        let tightest = counted().min_by_key(|(_, verdict)| verdict.left);
        let (Some(rate), Some((kind, verdict))) = (self.rate, tightest) else { return };
        let bits: usize = counted().map(|(kind, _)| 1_usize << kind as usize).sum();
        if let Some(policy) = &POLICIES[rate as usize][bits] {
            headers.insert(&POLICY, policy.clone());
        }
        let mut left = String::with_capacity(LONGEST);
        // Writing to a string can't fail.
        let _ = write!(left, "\"{}-{}\";r={};t={}", kind.name(), rate.name(), verdict.left, verdict.full_in);
        if let Ok(left) = HeaderValue::try_from(left) {
            headers.insert(&LEFT, left);
        }
        if !verdict.allowed && !headers.contains_key(header::RETRY_AFTER) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(verdict.next_in.max(1)));
        }
    }
}

/// The policies of those who were counted; none if nobody was.
fn policies(rate: Rate, counted: usize) -> Option<HeaderValue> {
    let was_counted = |kind: &Kind| counted & (1 << *kind as usize) != 0;
    let policy = |kind: Kind| {
        let quota = kind.quota(rate)?;
        Some(format!("\"{}-{}\";q={};w={}", kind.name(), rate.name(), quota.quota, quota.window))
    };
    let all: Vec<String> = Kind::ALL.into_iter().filter(was_counted).filter_map(policy).collect();
    (!all.is_empty()).then(|| HeaderValue::try_from(all.join(", ")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(left: u32) -> Verdict {
        Verdict { allowed: left > 0, left, full_in: 7, next_in: u32::from(left == 0) * 3 }
    }

    #[test]
    fn every_policy_is_told_and_what_is_left_of_the_tightest() {
        let (mut counted, mut headers) = (Counted::default(), HeaderMap::new());
        counted.tell(&mut headers);
        assert!(counted.is_empty() && headers.is_empty());
        counted.add(Kind::Address, Rate::Read, verdict(5));
        counted.add(Kind::Person, Rate::Read, verdict(2));
        counted.add(Kind::Key, Rate::Read, verdict(2));
        counted.tell(&mut headers);
        let policies = "\"address-read\";q=3000;w=60, \"person-read\";q=600;w=60, \"key-read\";q=60000;w=60";
        assert_eq!(headers["ratelimit-policy"], policies);
        assert_eq!(headers["ratelimit"], "\"person-read\";r=2;t=7");
        assert!(!headers.contains_key("retry-after"));
        counted.add(Kind::Network, Rate::Form, verdict(0));
        counted.tell(&mut headers);
        assert!(headers["ratelimit-policy"].to_str().unwrap().contains("\"network-form\";q=240;w=60"));
        assert_eq!(headers["ratelimit"], "\"network-form\";r=0;t=7");
        assert_eq!(headers["retry-after"], "3");
    }

    #[test]
    fn classes_are_where_they_should_be() {
        for (at, rate) in Rate::ALL.into_iter().enumerate() {
            assert_eq!(rate as usize, at, "{}", rate.name());
        }
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at, "{}", kind.name());
        }
    }

    #[test]
    fn what_is_left_fits() {
        let names = Rate::ALL.iter().map(|rate| rate.name().len()).max().unwrap();
        assert!("\"address-\";r=4294967295;t=4294967295".len() + names <= LONGEST);
    }
}
