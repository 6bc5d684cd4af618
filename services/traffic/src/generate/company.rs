//! Company names as people type them. In: a stream of chance, a token that makes the name nobody else's. Out: what is typed,
//! and what a registry of canonical names has to compare it by. Pure.

use super::rng::Rng;
use super::words::{COMPANIES, FORMS};

/// A name and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// As typed.
    pub typed: String,
    /// The canonical form: equal for all spellings of one name.
    pub key: String,
}

/// A name that holds `token` (lower-case letters and digits), as it is written properly.
#[must_use]
pub fn draw(rng: &mut Rng, token: &str) -> Company {
    let (name, key) = rng.pick(COMPANIES);
    let form = rng.pick(FORMS);
    let of = |name: &str, form: &str| [name, token, form].join(" ").trim_end().to_owned();
    Company { typed: of(name, form), key: of(key, &form.to_lowercase()) }
}

/// The same company in another spelling; one in three writes it properly.
#[must_use]
pub fn respell(rng: &mut Rng, company: &Company) -> Company {
    let name = &company.typed;
    let typed = match rng.below(12) {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => format!("  {name}\t"),
        3 => name.replace(' ', "  "),
        4 => name.replace(' ', "\u{a0}"),
        5 => format!("\u{feff}{name}\u{200b}"),
        6 => name.replace('\'', "\u{2019}").replace('-', "\u{2011}"),
        7 => name.chars().map(wide).collect(),
        _ => name.clone(),
    };
    Company { typed, key: company.key.clone() }
}

/// A letter as Japanese keyboards type it.
fn wide(c: char) -> char {
    if c.is_ascii_alphanumeric() { char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c) } else { c }
}

#[cfg(test)]
mod tests {
    use super::super::rng::base36;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn tokens_make_names_differ_and_spellings_do_not() {
        let mut keys = HashSet::new();
        let mut typed = HashSet::new();
        for i in 0..2_000 {
            let company = draw(&mut Rng::of(5, "c", i), &base36(i));
            assert!(keys.insert(company.key.clone()), "{}", company.key);
            let again = respell(&mut Rng::of(6, "c", i), &company);
            assert_eq!(again.key, company.key);
            typed.insert(again.typed == company.typed);
        }
        assert_eq!(typed.len(), 2, "some are written properly, some are not");
    }
}
