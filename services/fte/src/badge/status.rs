//! Lists of what was revoked: Bitstring Status List v1.0. In come places; out go lists as credentials. Pure, but for the chance that places are
//! drawn from: by chance, so that a place tells nothing of when its certificate was issued, or of those beside it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use rand::RngExt as _;
use serde_json::{Value, json};

use super::credential::seconds;
use super::issuer::Issuer;
use super::{BadgeError, CREDENTIALS};

/// Places of a list: the fewest that the standard allows, so that a credential is one of many.
pub const PLACES: i32 = 131_072;
/// Places that are drawn at once. A list in which all of them are taken is nearly full.
const DRAWS: usize = 32;
/// How long a list is good for, in seconds: nobody can show an old one for longer than that.
const GOOD_FOR: i64 = 24 * 3600;
/// Seconds for which the same list has the same text.
const STEADY_FOR: i64 = 3600;

/// Places to try, one after the other.
#[must_use]
pub fn draw() -> Vec<i32> {
    let mut chance = rand::rng();
    (0..DRAWS).map(|_| chance.random_range(0..PLACES)).collect()
}

/// A list in which these places are set and no other: packed with gzip, in base64url, under the multibase's letter for it.
///
/// # Errors
/// It can't be packed.
pub fn encode(places: &[i32]) -> Result<String, BadgeError> {
    let mut bits = vec![0_u8; usize::try_from(PLACES).unwrap_or_default() / 8];
    for place in places {
        let place = usize::try_from(*place).unwrap_or(usize::MAX);
        if let Some(byte) = bits.get_mut(place / 8) {
            // The first place is the highest bit.
            *byte |= 0x80_u8 >> (place % 8);
        }
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&bits)?;
    Ok(format!("u{}", URL_SAFE_NO_PAD.encode(packed.finish()?)))
}

impl Issuer {
    /// The credential of a list at a time, not yet signed.
    #[must_use]
    pub fn status_list(&self, list: i32, encoded: &str, now: Timestamp) -> Value {
        let from = now.as_second() - now.as_second().rem_euclid(STEADY_FOR);
        let [from, until] =
            [from, from + GOOD_FOR].map(|second| seconds(Timestamp::from_second(second).unwrap_or(now)));
        json!({
            "@context": [CREDENTIALS],
            "id": self.list(list),
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did(),
            "validFrom": from,
            "validUntil": until,
            "credentialSubject": {
                "id": format!("{}#list", self.list(list)),
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": encoded,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::fixtures::vector;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::io::Read as _;

    /// The places that are set, read as the standard says.
    fn decode(encoded: &str) -> (usize, BTreeSet<i32>) {
        let packed = URL_SAFE_NO_PAD.decode(encoded.strip_prefix('u').unwrap()).unwrap();
        let mut bits = Vec::new();
        GzDecoder::new(packed.as_slice()).read_to_end(&mut bits).unwrap();
        let set = |place: &i32| bits[usize::try_from(*place / 8).unwrap()] & (1 << (7 - place % 8)) != 0;
        (bits.len() * 8, (0..PLACES).filter(set).collect())
    }

    #[test]
    fn the_first_place_is_the_highest_bit_of_the_first_byte() {
        for places in [vec![], vec![0], vec![PLACES - 1], vec![0, 7, 8, 94_567]] {
            assert_eq!(decode(&encode(&places).unwrap()), (131_072, places.into_iter().collect()));
        }
        assert_eq!(decode(&encode(&[-1, PLACES]).unwrap()), (131_072, BTreeSet::new()), "no such places");
    }

    #[test]
    fn lists_of_another_implementation_are_read_the_same() {
        for (list, places) in [(vector!("status.json"), vec![]), (vector!("status-revoked.json"), vec![94_567])] {
            let list: Value = serde_json::from_str(list).unwrap();
            let encoded = list["credentialSubject"]["encodedList"].as_str().unwrap();
            assert_eq!(decode(encoded), decode(&encode(&places).unwrap()));
        }
    }

    #[test]
    fn a_list_stays_the_same_for_an_hour_and_is_good_for_a_day() {
        let issuer = crate::badge::fixtures::issuer(vector!("key.pem"));
        let at = |now: &str| issuer.status_list(1, "u", now.parse().unwrap());
        let list = at("2026-06-01T10:00:00Z");
        assert_eq!(
            (&list["validFrom"], &list["validUntil"]),
            (&json!("2026-06-01T10:00:00Z"), &json!("2026-06-02T10:00:00Z"))
        );
        assert_eq!(at("2026-06-01T10:59:59.999Z"), list);
        assert_eq!(at("2026-06-01T11:00:00Z")["validFrom"], json!("2026-06-01T11:00:00Z"));
    }

    #[test]
    fn places_are_drawn_from_the_whole_list() {
        let drawn: Vec<i32> = (0..100).flat_map(|_| draw()).collect();
        assert!(drawn.iter().all(|place| (0..PLACES).contains(place)));
        let halves = [drawn.iter().any(|place| *place < PLACES / 2), drawn.iter().any(|place| *place >= PLACES / 2)];
        assert_eq!((halves, drawn.is_sorted()), ([true, true], false));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn what_is_set_is_read_back(places in proptest::collection::btree_set(0..PLACES, 0..200)) {
            let set: Vec<i32> = places.iter().copied().collect();
            prop_assert_eq!(decode(&encode(&set).unwrap()), (131_072, places));
        }
    }
}
