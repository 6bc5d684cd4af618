//! The forms that are posted. In: run, number, chance. Out: path, body and the address it carries. Pure.

use crate::generate::address::{self, Address};
use crate::generate::people;
use crate::generate::rng::{Rng, base36};
use serde_json::{Value, json};
use uuid::Uuid;

/// Path of the short form.
pub const CAPTURE: &str = "/api/marketing/email-capture";
/// Path of the long form.
pub const CONTACT: &str = "/api/marketing/contact";

/// One filled-in form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Where it goes.
    pub path: &'static str,
    /// JSON body.
    pub body: Value,
    /// The address in it.
    pub address: Address,
    /// Value of the `Idempotency-Key` header.
    pub key: Uuid,
}

/// Form number `n` of the run: two of three are captures. The run's name is in the address, so that what a run wrote can be
/// told from everything else in a database.
#[must_use]
pub fn fill(run: &str, seed: u64, n: u64) -> Form {
    let mut rng = Rng::of(seed, "form", n);
    let address = address::draw(&mut rng, &format!("{run}n{}", base36(n)));
    let name = people::full_name(&mut rng);
    let key = rng.uuid();
    let (path, body) = if n % 3 == 2 {
        let message = people::message(&mut rng);
        (CONTACT, json!({ "email": address.typed, "name": name, "message": message }))
    } else {
        let source = people::source(&mut rng);
        (CAPTURE, json!({ "email": address.typed, "name": name, "source": source }))
    };
    Form { path, body, address, key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn forms_are_repeatable_and_never_share_an_address_or_a_key() {
        let mut addresses = HashSet::new();
        let mut keys = HashSet::new();
        for n in 0..3_000 {
            let form = fill("r1", 5, n);
            assert_eq!(form, fill("r1", 5, n));
            assert!(form.address.canonical.contains("r1n"));
            assert!(addresses.insert(form.address.canonical.to_lowercase()));
            assert!(keys.insert(form.key));
        }
    }

    #[test]
    fn both_forms_are_posted() {
        let contacts = (0..300).filter(|n| fill("r", 1, *n).path == CONTACT).count();
        assert_eq!(contacts, 100);
    }
}
