//! Webhooks. In: events and a wish for what goes wrong with them. Out: the bodies to send, in their order, and signatures. Pure: who sends
//! them is the HTTP side.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

/// How a batch of events is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manner {
    /// The seed of what is random; the same seed does the same.
    #[serde(default)]
    pub seed: u64,
    /// In any order.
    #[serde(default)]
    pub shuffled: bool,
    /// Of a hundred events, how many come twice.
    #[serde(default)]
    pub doubled_percent: u8,
    /// Of a hundred events, how many never come.
    #[serde(default)]
    pub dropped_percent: u8,
}

/// The events that arrive, in their order.
#[must_use]
pub fn arriving(events: &[Value], manner: Manner) -> Vec<Value> {
    let mut dice = Dice(manner.seed);
    let mut arriving = Vec::with_capacity(events.len());
    for event in events {
        if dice.percent() < manner.dropped_percent {
            continue;
        }
        arriving.push(event.clone());
        if dice.percent() < manner.doubled_percent {
            arriving.push(event.clone());
        }
    }
    if manner.shuffled {
        for at in (1..arriving.len()).rev() {
            arriving.swap(at, dice.below(at + 1));
        }
    }
    arriving
}

/// The header `Stripe-Signature` for a body, by every secret.
#[must_use]
pub fn signature(body: &[u8], at: i64, secrets: &[String]) -> String {
    let signed = secrets.iter().filter_map(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
        mac.update(format!("{at}.").as_bytes());
        mac.update(body);
        Some(format!(",v1={}", hex::encode(mac.finalize().into_bytes())))
    });
    format!("t={at}{}", signed.collect::<String>())
}

/// SplitMix64: good enough to shuffle by, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    fn percent(&mut self) -> u8 {
        u8::try_from(self.next() % 100).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn numbers(manner: Manner) -> Vec<u64> {
        let events: Vec<Value> = (0..200).map(|n| json!(n)).collect();
        arriving(&events, manner).iter().filter_map(Value::as_u64).collect()
    }

    #[test]
    fn events_come_as_they_are_wished_for() {
        let all: Vec<u64> = (0..200).collect();
        assert_eq!(numbers(Manner::default()), all);
        let shuffled = numbers(Manner { shuffled: true, seed: 7, ..Manner::default() });
        assert_ne!(shuffled, all);
        assert_eq!(shuffled, numbers(Manner { shuffled: true, seed: 7, ..Manner::default() }));
        let mut sorted = shuffled;
        sorted.sort_unstable();
        assert_eq!(sorted, all);
        let half = numbers(Manner { dropped_percent: 50, ..Manner::default() }).len();
        assert!((60..140).contains(&half), "{half}");
        assert!(numbers(Manner { doubled_percent: 100, ..Manner::default() }).len() == 400);
        assert!(numbers(Manner { dropped_percent: 100, ..Manner::default() }).is_empty());
    }
}
