//! Failures on request: the next calls of a vendor are refused, or done and their answers lost. In: wishes. Out: for each call,
//! what goes wrong with it.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most calls that one wish may spoil.
pub const MOST_TIMES: u32 = 10_000;

/// Whose calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Mail.
    Resend,
    /// Texts.
    Twilio,
    /// Money.
    Stripe,
    /// Who is a program, by Google's word.
    Recaptcha,
    /// The same, by Cloudflare's.
    Turnstile,
    /// Who is who.
    Supabase,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Nothing is done.
    Before,
    /// All is done, only the answer is another one.
    After,
}

/// What somebody wishes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Whose calls.
    pub vendor: Vendor,
    /// When they fail.
    pub moment: Moment,
    /// What is answered instead, 400 to 599.
    pub status: u16,
    /// How many calls; 0 takes a wish back.
    pub times: u32,
}

impl Fault {
    /// What is wrong with the wish.
    #[must_use]
    pub fn mistake(&self) -> Option<(&'static str, String)> {
        if !(400..600).contains(&self.status) {
            return Some(("/status", "from 400 to 599".to_owned()));
        }
        (self.times > MOST_TIMES).then(|| ("/times", format!("at most {MOST_TIMES}")))
    }
}

/// One wish per vendor, of which a newer one replaces the older, and the calls of each.
#[derive(Debug, Default)]
pub struct Faults {
    wishes: Mutex<HashMap<Vendor, Fault>>,
    calls: Mutex<HashMap<Vendor, u64>>,
}

impl Faults {
    /// Takes a wish.
    pub fn wish(&self, fault: Fault) {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).insert(fault.vendor, fault);
    }

    /// What goes wrong with the call that is just made, which is counted.
    pub fn next(&self, vendor: Vendor) -> Option<Fault> {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(vendor).or_default() += 1;
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let wish = wishes.get_mut(&vendor).filter(|wish| wish.times > 0)?;
        wish.times -= 1;
        Some(*wish)
    }

    /// How many calls a vendor had, spoilt ones included.
    #[must_use]
    pub fn calls(&self, vendor: Vendor) -> u64 {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).get(&vendor).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_spoils_its_number_of_calls_of_its_vendor() {
        let faults = Faults::default();
        let wish = |times| Fault { vendor: Vendor::Resend, moment: Moment::Before, status: 500, times };
        faults.wish(wish(2));
        assert_eq!(faults.next(Vendor::Twilio), None);
        assert!(faults.next(Vendor::Resend).is_some() && faults.next(Vendor::Resend).is_some());
        assert_eq!(faults.next(Vendor::Resend), None);
        faults.wish(wish(2));
        faults.wish(wish(0));
        assert_eq!(faults.next(Vendor::Resend), None);
        assert_eq!((faults.calls(Vendor::Resend), faults.calls(Vendor::Twilio)), (4, 1));
    }

    #[test]
    fn wishes_have_bounds() {
        let wish = Fault { vendor: Vendor::Twilio, moment: Moment::After, status: 503, times: 1 };
        assert_eq!(wish.mistake(), None);
        for (wish, field) in [
            (Fault { status: 200, ..wish }, "/status"),
            (Fault { status: 600, ..wish }, "/status"),
            (Fault { times: MOST_TIMES + 1, ..wish }, "/times"),
        ] {
            assert_eq!(wish.mistake().map(|mistake| mistake.0), Some(field));
        }
    }
}
