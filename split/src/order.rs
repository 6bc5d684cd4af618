//! In which order schemas of one database may move, by the foreign keys between their tables. Pure.
//!
//! In: keys from one schema to another. Out: circles, the key that a schema has to wait for, an order. Whoever is referred to goes
//! first. Schemas that refer to each other in a circle have no first: any of them may begin, and whoever else refers to one of them
//! comes after the one that has begun.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Foreign keys from the tables of one schema to those of another: the first of them, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Schema of the table that has the key.
    pub child_schema: String,
    /// Schema of the table that it refers to.
    pub parent_schema: String,
    /// Name of the constraint.
    pub name: String,
    /// The table that has it, qualified and quoted.
    pub child: String,
    /// The table it refers to, qualified and quoted.
    pub parent: String,
    /// Keys between the same two schemas, this one included.
    pub keys: u64,
    /// A migration has severed all of them: they say what belongs together, and hold nobody any more.
    pub severed: bool,
}

impl Link {
    /// The key in words, and that it isn't alone.
    #[must_use]
    pub fn words(&self) -> String {
        let of = if self.keys > 1 { format!(" (one of {} such keys)", self.keys) } else { String::new() };
        format!("foreign key {} of {} refers to {}{of}", self.name, self.child, self.parent)
    }
}

/// The schemas that `schema` refers to and that refer to it, by any number of keys on the way. It is one of them itself.
#[must_use]
pub fn circle<'a>(schema: &'a str, links: &'a [Link]) -> BTreeSet<&'a str> {
    let referred = reached(schema, links, |link| (&link.child_schema, &link.parent_schema));
    let referring = reached(schema, links, |link| (&link.parent_schema, &link.child_schema));
    referred.intersection(&referring).copied().chain([schema]).collect()
}

/// Circles of more than one schema, each once.
#[must_use]
pub fn circles(links: &[Link]) -> BTreeSet<BTreeSet<&str>> {
    let all = links.iter().map(|link| circle(&link.child_schema, links));
    all.filter(|circle| circle.len() > 1).collect()
}

/// What can be come to from `from` over one step or more.
fn reached<'a>(from: &'a str, links: &'a [Link], step: fn(&Link) -> (&String, &String)) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(one) = open.pop() {
        for link in links {
            let (begin, end) = step(link);
            if begin == one && found.insert(end.as_str()) {
                open.push(end);
            }
        }
    }
    found
}

/// The first key for which `schema` may not move yet: its parent's schema is about to (`moves`), and neither that one nor anybody of
/// its circle is ahead (`ahead`).
pub fn hindrance<'a>(
    schema: &str,
    links: &'a [Link],
    moves: impl Fn(&str) -> bool,
    ahead: impl Fn(&str) -> bool,
) -> Option<&'a Link> {
    let own = |link: &&Link| link.child_schema == schema && !link.severed && moves(&link.parent_schema);
    links.iter().filter(own).find(|link| {
        let circle = circle(&link.parent_schema, links);
        !circle.contains(schema) && !circle.into_iter().any(&ahead)
    })
}

/// `schemas` in an order that the keys allow, as near to the given one as they let it be.
#[must_use]
pub fn arrange<'a>(schemas: &[&'a str], links: &[Link]) -> Vec<&'a str> {
    let (mut left, mut placed) = (schemas.to_vec(), Vec::new());
    while !left.is_empty() {
        let free = |one: &&str| {
            hindrance(one, links, |parent| left.contains(&parent), |ahead| placed.contains(&ahead)).is_none()
        };
        // There is always one that waits for nobody outside of its circle.
        let next = left.iter().position(free).unwrap_or_default();
        placed.push(left.remove(next));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a b 2`: two keys from `a` to `b`.
    fn links(text: &[&str]) -> Vec<Link> {
        let of = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let (child, parent) = (words[0], words[1]);
            Link {
                child_schema: child.into(),
                parent_schema: parent.into(),
                name: format!("{child}_{parent}_fkey"),
                child: format!("{child}.t"),
                parent: format!("{parent}.t"),
                keys: words[2].parse().unwrap(),
                severed: words.len() > 3,
            }
        };
        text.iter().map(of).collect()
    }

    /// The keys of the seeded monolith.
    fn seed() -> Vec<Link> {
        links(&["account identity 3", "identity account 1", "marketing account 2", "marketing identity 2"])
    }

    #[test]
    fn the_seed_s_order_comes_out_and_others_are_put_right() {
        let seed = seed();
        let order = ["identity", "marketing", "billing", "account", "fte"];
        assert_eq!(arrange(&order, &seed), order);
        assert_eq!(
            arrange(&["marketing", "billing", "account", "identity", "fte"], &seed),
            ["billing", "account", "marketing", "identity", "fte"]
        );
        assert_eq!(arrange(&["marketing", "identity"], &seed), ["identity", "marketing"]);
    }

    #[test]
    fn parents_go_first_whatever_was_given() {
        let line = links(&["a b 1", "b c 1", "c d 1"]);
        assert_eq!(arrange(&["a", "b", "c", "d"], &line), ["d", "c", "b", "a"]);
        assert_eq!(arrange(&["a", "c"], &line), ["a", "c"], "b stays, so nothing ties the two");
        let severed = links(&["a b 1 severed"]);
        assert_eq!(arrange(&["a", "b"], &severed), ["a", "b"]);
    }

    #[test]
    fn a_circle_has_no_first_and_counts_as_one_for_others() {
        let seed = seed();
        assert_eq!(circle("identity", &seed), BTreeSet::from(["account", "identity"]));
        assert_eq!(circle("marketing", &seed), BTreeSet::from(["marketing"]));
        assert_eq!(circles(&seed), BTreeSet::from([BTreeSet::from(["account", "identity"])]));
        let long = links(&["a b 1", "b c 1", "c a 1", "d a 1"]);
        assert_eq!(circles(&long), BTreeSet::from([BTreeSet::from(["a", "b", "c"])]));
        for order in [["b", "a", "c"], ["c", "b", "a"]] {
            assert_eq!(arrange(&order, &long), order);
        }
        assert_eq!(arrange(&["d", "b", "a"], &long), ["b", "d", "a"]);
    }

    #[test]
    fn who_has_to_wait_hears_for_which_key() {
        let seed = seed();
        let all = |_: &str| true;
        let found = hindrance("marketing", &seed, all, |_| false).unwrap();
        let words = "foreign key marketing_account_fkey of marketing.t refers to account.t (one of 2 such keys)";
        assert_eq!(found.words(), words);
        let gone = |ahead: &str| ahead == "identity";
        assert_eq!(hindrance("marketing", &seed, all, gone), None, "the first of the circle is ahead");
        assert_eq!(hindrance("identity", &seed, all, |_| false), None);
        assert_eq!(hindrance("marketing", &seed, |_| false, |_| false), None, "nobody else moves");
        // Once identity has moved, its keys tell of the circle still.
        let later = links(&[
            "account identity 3 severed",
            "identity account 1 severed",
            "marketing account 2",
            "marketing identity 2 severed",
        ]);
        assert_eq!(hindrance("marketing", &later, all, gone), None);
        assert!(hindrance("marketing", &later, all, |_| false).is_some());
    }
}
