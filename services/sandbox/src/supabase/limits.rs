//! How often something may be asked. In: what, by whom, when. Out: a refusal when it was too often. Must not know what is asked.

use std::collections::HashMap;

use jiff::Timestamp;

use super::refusal::Refusal;
use super::settings::RateLimits;

/// Most askers that are remembered; then all are forgotten.
const MOST: usize = 10_000;
/// What anybody may ask at once, however little in the long run.
const BURST: f64 = 30.0;

/// What is counted for each address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Limit {
    SignUp,
    Code,
    Recovery,
    Resend,
    Change,
    Verify,
    Token,
    Anonymous,
    Challenge,
    Answer,
}

/// What is counted for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Carrier {
    Mail,
    Text,
}

/// What was asked so far.
#[derive(Debug, Default)]
pub(super) struct Limits {
    buckets: HashMap<(Limit, String), Bucket>,
    sent: HashMap<Carrier, (Timestamp, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl Limit {
    /// How many, in how many seconds.
    fn rate(self, rates: &RateLimits) -> (u32, u32) {
        match self {
            Self::SignUp | Self::Code | Self::Recovery | Self::Resend | Self::Change => (rates.otp, 300),
            Self::Verify => (rates.verify, 300),
            Self::Token => (rates.token_refresh, 300),
            Self::Anonymous => (rates.anonymous_users, 3_600),
            Self::Challenge | Self::Answer => (rates.mfa, 60),
        }
    }
}

impl Limits {
    /// One more by this address. Without an address nobody counts, as at GoTrue without the header that names it.
    pub(super) fn take(
        &mut self,
        limit: Limit,
        address: Option<&str>,
        rates: &RateLimits,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Some(address) = address else { return Ok(()) };
        if self.buckets.len() >= MOST {
            self.buckets.clear();
        }
        let (count, seconds) = limit.rate(rates);
        // The burst is the count where the count is smaller, so that a test need not ask thirty times.
        let most = f64::from(count).min(BURST);
        let bucket = self.buckets.entry((limit, address.to_owned())).or_insert(Bucket { left: most, at: now });
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.left = (bucket.left + passed * f64::from(count) / f64::from(seconds)).min(most);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Refusal::often());
        }
        bucket.left -= 1.0;
        Ok(())
    }

    /// One more message. They are counted by the hour.
    pub(super) fn send(&mut self, carrier: Carrier, rates: &RateLimits, now: Timestamp) -> Result<(), Refusal> {
        let (most, code, message) = match carrier {
            Carrier::Mail => (rates.email_sent, "over_email_send_rate_limit", "email rate limit exceeded"),
            Carrier::Text => (rates.sms_sent, "over_sms_send_rate_limit", "SMS rate limit exceeded"),
        };
        let (since, count) = self.sent.entry(carrier).or_insert((now, 0));
        if now.duration_since(*since).as_hours() >= 1 {
            (*since, *count) = (now, 0);
        }
        if *count >= most {
            return Err(Refusal::new(429, code, message));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_fills_again() {
        let (mut limits, rates) = (Limits::default(), RateLimits { otp: 2, ..RateLimits::default() });
        let mut ask =
            |limit, address, at| limits.take(limit, address, &rates, Timestamp::from_second(at).unwrap()).is_ok();
        assert!(ask(Limit::Code, Some("a"), 0) && ask(Limit::Code, Some("a"), 0) && !ask(Limit::Code, Some("a"), 0));
        assert!(ask(Limit::Code, Some("b"), 0) && ask(Limit::Resend, Some("a"), 0), "each by itself");
        assert!((0..100).all(|_| ask(Limit::Code, None, 0)), "nobody counts without an address");
        assert!(!ask(Limit::Code, Some("a"), 149) && ask(Limit::Code, Some("a"), 300));
    }

    #[test]
    fn messages_are_counted_by_the_hour() {
        let (mut limits, rates) = (Limits::default(), RateLimits { email_sent: 1, ..RateLimits::default() });
        let mut send = |carrier, at| limits.send(carrier, &rates, Timestamp::from_second(at).unwrap()).is_ok();
        assert!(
            send(Carrier::Mail, 0)
                && !send(Carrier::Mail, 3_599)
                && send(Carrier::Text, 0)
                && send(Carrier::Mail, 3_600)
        );
    }
}
