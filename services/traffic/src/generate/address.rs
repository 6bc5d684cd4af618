//! Email addresses, every oddity that real ones have. In: a stream of chance and a token nobody else has. Out: an address.
//!
//! The token goes into every address, so that addresses with different tokens never collide, not even after canonicalisation.
//! All of them are valid by RFC 5321 and 5322 (6531 for the international ones); none can belong to a person.

use super::rng::Rng;
use super::words::{DOMAINS, IDN, LOCAL_FIRST, LOCAL_LAST, TAGS};

/// Longest local part in bytes (RFC 5321 4.5.3.1.1).
pub const MAX_LOCAL: usize = 64;
/// Longest address in bytes: a forward-path of 256 with its two brackets (RFC 5321 4.5.3.1.3).
pub const MAX_ADDRESS: usize = 254;

/// One address as a person types it and as a registry of canonical addresses stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As typed: the domain may be in upper case or in its own script.
    pub typed: String,
    /// Domain in lower case and ASCII; the local part is the mailbox owner's business and stays as it is.
    pub canonical: String,
}

/// What is odd about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// Nothing: `anna.smith.k3f@example.com`.
    Plain,
    /// `anna.k3f+shop.2024@…`.
    PlusTag,
    /// Dots between single letters.
    Dots,
    /// `o'brien.k3f@…`.
    Apostrophe,
    /// Hyphens and underscores, also doubled and at the edges.
    Dashes,
    /// The whole set of characters that an unquoted local part may hold.
    Symbols,
    /// Digits first or digits only.
    Digits,
    /// `"anna smith k3f"@…`: a quoted local part, with a space, an at sign or an escaped quote.
    Quoted,
    /// A local part outside ASCII (RFC 6531).
    Unicode,
    /// A domain outside ASCII, typed in its own script.
    Idn,
    /// A domain typed in upper or mixed case.
    UpperDomain,
    /// One letter at a host of its own: the token is in the domain.
    OneLetter,
    /// A local part of exactly 64 bytes.
    LongLocal,
    /// Exactly 254 bytes in all.
    LongAddress,
}

/// Oddities and their share in 1000.
pub const SHARES: &[(Oddity, u64)] = &[
    (Oddity::Plain, 520),
    (Oddity::PlusTag, 110),
    (Oddity::Dots, 60),
    (Oddity::Apostrophe, 30),
    (Oddity::Dashes, 80),
    (Oddity::Symbols, 20),
    (Oddity::Digits, 50),
    (Oddity::Quoted, 10),
    (Oddity::Unicode, 20),
    (Oddity::Idn, 30),
    (Oddity::UpperDomain, 40),
    (Oddity::OneLetter, 20),
    (Oddity::LongLocal, 5),
    (Oddity::LongAddress, 5),
];

impl Oddity {
    /// Draws one by its share.
    pub fn draw(rng: &mut Rng) -> Self {
        let mut left = rng.below(1000);
        for (oddity, share) in SHARES {
            if left < *share {
                return *oddity;
            }
            left -= share;
        }
        Self::Plain
    }
}

/// An address of a drawn oddity that contains `token` (lower-case letters and digits, at most 24 bytes).
pub fn draw(rng: &mut Rng, token: &str) -> Address {
    let oddity = Oddity::draw(rng);
    of(oddity, rng, token)
}

/// An address of the given oddity that contains `token` (lower-case letters and digits, at most 24 bytes).
pub fn of(oddity: Oddity, rng: &mut Rng, token: &str) -> Address {
    match oddity {
        Oddity::Idn => {
            let (typed, ascii) = rng.pick(IDN);
            let local = local(Oddity::Plain, rng, token);
            Address { typed: format!("{local}@{typed}"), canonical: format!("{local}@{ascii}") }
        }
        Oddity::UpperDomain => {
            let local = local(Oddity::Plain, rng, token);
            let domain = rng.pick(DOMAINS);
            Address { typed: format!("{local}@{}", mixed_case(rng, domain)), canonical: format!("{local}@{domain}") }
        }
        Oddity::OneLetter => same(format!("{}@{token}.example.net", rng.pick(&["a", "x", "1", "_"]))),
        Oddity::LongAddress => {
            let local = pad(&local(Oddity::Plain, rng, token), MAX_LOCAL);
            same(format!("{local}@{}", long_domain(rng, MAX_ADDRESS - MAX_LOCAL - 1)))
        }
        _ => {
            let local = local(oddity, rng, token);
            same(format!("{local}@{}", rng.pick(DOMAINS)))
        }
    }
}

fn same(address: String) -> Address {
    Address { typed: address.clone(), canonical: address }
}

fn local(oddity: Oddity, rng: &mut Rng, token: &str) -> String {
    let first = rng.pick(LOCAL_FIRST);
    let last = rng.pick(LOCAL_LAST);
    match oddity {
        Oddity::PlusTag => format!("{first}.{token}+{}", rng.pick(TAGS)),
        Oddity::Dots => {
            let letters: Vec<String> = first.chars().map(String::from).collect();
            format!("{}.{token}", letters.join("."))
        }
        Oddity::Apostrophe => format!("{}.{token}", rng.pick(&["o'brien", "d'angelo", "n'dour", "o'neill"])),
        Oddity::Dashes => match rng.below(4) {
            0 => format!("{first}-{last}_{token}"),
            1 => format!("_{first}__{token}"),
            2 => format!("{first}--{token}-"),
            _ => format!("-{token}_{last}"),
        },
        Oddity::Symbols => format!("!#$%&'*+-/=?^_`{{|}}~{token}"),
        Oddity::Digits => match rng.below(2) {
            0 => format!("{}{token}", rng.below(1_000_000)),
            _ => format!("00{first}{token}"),
        },
        Oddity::Quoted => match rng.below(3) {
            0 => format!("\"{first} {last} {token}\""),
            1 => format!("\"{first}@{token}\""),
            _ => format!("\"{first}\\\"{token}\""),
        },
        Oddity::Unicode => format!("{}.{token}", rng.pick(&["jörg", "łukasz", "николай", "花子", "δοκιμή", "zoë"])),
        Oddity::LongLocal => pad(&format!("{first}.{last}.{token}"), MAX_LOCAL),
        _ => match rng.below(3) {
            0 => format!("{first}.{last}.{token}"),
            1 => format!("{first}{token}"),
            _ => format!("{}{last}.{token}", &first[..1]),
        },
    }
}

/// `text` followed by letters up to `len` bytes; longer text is left alone.
fn pad(text: &str, len: usize) -> String {
    format!("{text}{}", "w".repeat(len.saturating_sub(text.len())))
}

/// Labels of at most 63 bytes that add up to exactly `len` bytes under `.example.com`.
fn long_domain(rng: &mut Rng, len: usize) -> String {
    const SUFFIX: &str = "example.com";
    let mut left = len - SUFFIX.len();
    let mut domain = String::with_capacity(len);
    while left > 1 {
        // A remainder of one byte could hold no label, only its dot: take one byte less before that happens.
        let label = if left - 1 > 63 && left - 1 - 63 < 2 { 62 } else { (left - 1).min(63) };
        domain.push_str(&rng.token(label));
        domain.push('.');
        left -= label + 1;
    }
    domain.push_str(SUFFIX);
    domain
}

fn mixed_case(rng: &mut Rng, domain: &str) -> String {
    let whole = rng.chance(500);
    domain.chars().map(|c| if whole || rng.chance(400) { c.to_ascii_uppercase() } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rng::base36;
    use super::*;
    use proptest::prelude::{any, prop_assert, proptest};
    use std::collections::HashSet;

    fn all(count: u64) -> Vec<(Oddity, Address)> {
        (0..count)
            .map(|i| {
                let mut rng = Rng::of(11, "t", i);
                let oddity = Oddity::draw(&mut rng);
                (oddity, of(oddity, &mut rng, &base36(i)))
            })
            .collect()
    }

    #[test]
    fn shares_add_up() {
        assert_eq!(SHARES.iter().map(|(_, share)| share).sum::<u64>(), 1000);
    }

    #[test]
    fn every_oddity_occurs_and_nothing_collides() {
        let addresses = all(20_000);
        let kinds: HashSet<Oddity> = addresses.iter().map(|(o, _)| *o).collect();
        assert_eq!(kinds.len(), SHARES.len());
        let canonical: HashSet<&str> = addresses.iter().map(|(_, a)| a.canonical.as_str()).collect();
        assert_eq!(canonical.len(), addresses.len());
        let lower: HashSet<String> = addresses.iter().map(|(_, a)| a.canonical.to_lowercase()).collect();
        assert_eq!(lower.len(), addresses.len());
    }

    #[test]
    fn canonical_domains_are_lower_case_ascii() {
        for (_, address) in all(20_000) {
            let domain = address.canonical.rsplit('@').next().unwrap();
            assert!(domain.is_ascii() && domain == domain.to_ascii_lowercase(), "{domain}");
            assert!(domain.ends_with("example") || domain.contains("example."), "{domain}");
        }
    }

    #[test]
    fn the_longest_addresses_use_every_byte() {
        let mut rng = Rng::of(1, "t", 0);
        let long = of(Oddity::LongAddress, &mut rng, "k3f").canonical;
        assert_eq!(long.len(), MAX_ADDRESS);
        let long = of(Oddity::LongLocal, &mut rng, "k3f").canonical;
        assert_eq!(long.rsplit_once('@').unwrap().0.len(), MAX_LOCAL);
    }

    proptest! {
        #[test]
        fn every_address_keeps_the_limits_and_its_token(index in any::<u64>(), seed in any::<u64>()) {
            let token = base36(index);
            let address = draw(&mut Rng::of(seed, "t", index), &token);
            prop_assert!(address.typed.contains(&token));
            prop_assert!(address.canonical.contains(&token));
            for text in [&address.typed, &address.canonical] {
                let (local, domain) = text.rsplit_once('@').unwrap();
                prop_assert!((1..=MAX_LOCAL).contains(&local.len()), "{local}");
                prop_assert!(text.len() <= MAX_ADDRESS);
                for label in domain.split('.') {
                    prop_assert!((1..=63).contains(&label.len()), "{domain}");
                    prop_assert!(!label.starts_with('-') && !label.ends_with('-'));
                }
                let plain = !local.starts_with('"');
                prop_assert!(!plain || !(local.starts_with('.') || local.ends_with('.') || local.contains("..")));
            }
        }
    }
}
