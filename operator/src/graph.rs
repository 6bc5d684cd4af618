//! Ways between objects that name each other. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// What each object names, by its own name.
pub type Edges<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// The way from `from` to `to` over at least one edge, without `from`.
#[must_use]
pub fn path<'a>(from: &str, to: &str, edges: &Edges<'a>) -> Option<Vec<&'a str>> {
    walk(from, to, edges, &mut BTreeSet::new())
}

fn walk<'a>(from: &str, to: &str, edges: &Edges<'a>, seen: &mut BTreeSet<&'a str>) -> Option<Vec<&'a str>> {
    for &next in edges.get(from)? {
        if next == to {
            return Some(vec![next]);
        }
        if seen.insert(next)
            && let Some(mut rest) = walk(next, to, edges, seen)
        {
            rest.insert(0, next);
            return Some(rest);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_found_over_others_and_back_to_where_it_began() {
        let edges = Edges::from([("a", vec!["x", "b"]), ("b", vec!["c"]), ("c", vec!["b", "a"])]);
        assert_eq!(path("a", "c", &edges), Some(vec!["b", "c"]));
        assert_eq!(path("a", "a", &edges), Some(vec!["b", "c", "a"]));
        assert_eq!((path("x", "a", &edges), path("a", "y", &edges)), (None, None));
    }
}
