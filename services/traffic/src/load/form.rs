//! The forms that are posted. In: run, number, chance. Out: path, body and the address it carries. Pure.

use crate::generate::address::{self, Address};
use crate::generate::company::{self, Company};
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
    /// The company in it, if there is one.
    pub company: Option<Company>,
    /// Value of the `Idempotency-Key` header.
    pub key: Uuid,
}

/// Forms in a thousand that name a company.
const NAMED: u64 = 300;
/// Of these, in a thousand: one that other forms of the run name too.
const SHARED: u64 = 800;
/// How many companies are shared.
const COMPANIES: u64 = 40;

/// Form number `n` of the run: two of three are captures, three of ten name a company. The run's name is in the address and in
/// the company, so that what a run wrote can be told from everything else in a database.
#[must_use]
pub fn fill(run: &str, seed: u64, n: u64) -> Form {
    let mut rng = Rng::of(seed, "form", n);
    let address = address::draw(&mut rng, &format!("{run}n{}", base36(n)));
    let name = people::full_name(&mut rng);
    let key = rng.uuid();
    let company = named(&mut rng, run, seed, n);
    let (path, mut body) = if n % 3 == 2 {
        let message = people::message(&mut rng);
        (CONTACT, json!({ "email": address.typed, "name": name, "message": message }))
    } else {
        let source = people::source(&mut rng);
        (CAPTURE, json!({ "email": address.typed, "name": name, "source": source }))
    };
    if let Some(company) = &company {
        body["company"] = company.typed.clone().into();
    }
    Form { path, body, address, company, key }
}

/// The company in a form: one of those that are shared, in any spelling, or one that nobody named before.
fn named(rng: &mut Rng, run: &str, seed: u64, n: u64) -> Option<Company> {
    if !rng.chance(NAMED) {
        return None;
    }
    let number = if rng.chance(SHARED) { rng.below(COMPANIES) } else { COMPANIES + n };
    // Of a stream of its own, so that all forms that share a company mean the same one.
    let company = company::draw(&mut Rng::of(seed, "company", number), &format!("{run}c{}", base36(number)));
    Some(company::respell(rng, &company))
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
    fn companies_are_shared_or_new_and_written_in_several_ways() {
        let companies: Vec<Company> = (0..3_000).filter_map(|n| fill("r1", 5, n).company).collect();
        assert!((800..1_000).contains(&companies.len()), "{}", companies.len());
        let keys: HashSet<&str> = companies.iter().map(|company| company.key.as_str()).collect();
        let typed: HashSet<&str> = companies.iter().map(|company| company.typed.as_str()).collect();
        assert!((150..300).contains(&keys.len()) && typed.len() > keys.len() + 100, "{} {}", keys.len(), typed.len());
        assert!(companies.iter().all(|company| company.key.contains("r1c")));
    }

    #[test]
    fn both_forms_are_posted() {
        let contacts = (0..300).filter(|n| fill("r", 1, *n).path == CONTACT).count();
        assert_eq!(contacts, 100);
    }
}
