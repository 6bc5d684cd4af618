//! The queries that look for children without a parent: within one database, and across two. Pure.
//!
//! Keys travel as text and are cast back to the type of the child's column. They are compared by the key's own
//! operators: the search path doesn't reach those of an extension's type, and others would mean something else.

use crate::inspect::{Edge, EdgeColumn};
use crate::sql;

/// How many keys are shown.
pub(super) const EXAMPLES: usize = 5;

/// `c.column`.
fn child(column: &EdgeColumn) -> String {
    format!("c.{}", sql::ident(&column.child))
}

fn join(edge: &Edge, separator: &str, text: impl Fn(&EdgeColumn) -> String) -> String {
    edge.columns.iter().map(text).collect::<Vec<_>>().join(separator)
}

/// The key as an array of texts.
fn key(edge: &Edge) -> String {
    format!("ARRAY[{}]", join(edge, ", ", |column| format!("{}::text", child(column))))
}

/// No column is NULL: the rows that refer to a parent at all.
fn whole(edge: &Edge) -> String {
    join(edge, " AND ", |column| format!("{} IS NOT NULL", child(column)))
}

/// Some columns are NULL and some aren't.
fn in_part(edge: &Edge) -> String {
    format!("NOT ({}) AND NOT ({})", whole(edge), join(edge, " AND ", |column| format!("{} IS NULL", child(column))))
}

/// Rows of the child that the key would refuse.
fn orphaned(edge: &Edge) -> String {
    let equal = join(edge, " AND ", |column| {
        format!("p.{} OPERATOR({}.=) {}", sql::ident(&column.parent), column.operators, child(column))
    });
    let lost = format!("{} AND NOT EXISTS (SELECT FROM {} AS p WHERE {equal})", whole(edge), edge.parent);
    if edge.match_full && edge.columns.len() > 1 { format!("({lost}) OR ({})", in_part(edge)) } else { lost }
}

/// Lists the orphans while both tables are in one database, for a person.
#[must_use]
pub fn list_sql(edge: &Edge) -> String {
    format!("SELECT c.* FROM {} AS c WHERE {}", edge.child, orphaned(edge))
}

/// How many there are, and some of their keys.
pub(super) fn scan_sql(edge: &Edge) -> String {
    let examples = if edge.is_plain() { EXAMPLES } else { 0 };
    format!(
        "WITH orphan AS MATERIALIZED (SELECT {} AS key FROM {} AS c WHERE {}) \
         SELECT (SELECT count(*) FROM orphan), \
         ARRAY(SELECT DISTINCT array_to_string(key, ', ', 'NULL') FROM orphan ORDER BY 1 LIMIT {examples})",
        key(edge),
        edge.child,
        orphaned(edge)
    )
}

/// The next `limit` keys of the child and how many rows have each; parameters: the key to go on after, column by column.
pub(super) fn batch_sql(edge: &Edge, after: bool, limit: usize) -> String {
    let after = if after { format!(" AND {}", beyond(&edge.columns, 1)) } else { String::new() };
    let columns = join(edge, ", ", child);
    format!(
        "SELECT {}, count(*) FROM {} AS c WHERE {}{after} GROUP BY {columns} ORDER BY {columns} LIMIT {limit}",
        key(edge),
        edge.child,
        whole(edge)
    )
}

/// `(a, b) > ($1, $2)`, spelled out: a row comparison takes its operators from the search path.
fn beyond(columns: &[EdgeColumn], first: usize) -> String {
    let Some((column, rest)) = columns.split_first() else { return "false".to_owned() };
    let value = format!("${first}::text::{}", column.type_name);
    let compare = |operator: &str| format!("{} OPERATOR({}.{operator}) {value}", child(column), column.operators);
    if rest.is_empty() {
        return compare(">");
    }
    format!("({} AND ({} OR {}))", compare(">="), compare(">"), beyond(rest, first + 1))
}

/// Keys as a relation `u` from one array of texts per column, `$1` on; `n` is their place.
fn given(edge: &Edge) -> String {
    let list = |text: &dyn Fn(usize) -> String| (1..=edge.columns.len()).map(text).collect::<Vec<_>>().join(", ");
    format!("unnest({}) WITH ORDINALITY AS u({}, n)", list(&|n| format!("${n}::text[]")), list(&|n| format!("k{n}")))
}

fn matches(edge: &Edge, column: impl Fn(&EdgeColumn) -> String) -> String {
    let one = |(n, one): (usize, &EdgeColumn)| {
        format!("{} OPERATOR({}.=) u.k{}::{}", column(one), one.operators, n + 1, one.type_name)
    };
    edge.columns.iter().enumerate().map(one).collect::<Vec<_>>().join(" AND ")
}

/// Which of the given keys the parent doesn't have, by place.
pub(super) fn missing_sql(edge: &Edge) -> String {
    let equal = matches(edge, |column| format!("p.{}", sql::ident(&column.parent)));
    format!("SELECT u.n FROM {} WHERE NOT EXISTS (SELECT FROM {} AS p WHERE {equal})", given(edge), edge.parent)
}

/// How many rows of the child have each of the given keys, by place.
pub(super) fn children_sql(edge: &Edge) -> String {
    format!(
        "SELECT u.n, (SELECT count(*) FROM {} AS c WHERE {}) FROM {}",
        edge.child,
        matches(edge, child),
        given(edge)
    )
}

/// How many rows have a key that is NULL in part where that isn't allowed; none where it is.
pub(super) fn in_part_sql(edge: &Edge) -> Option<String> {
    let matters = edge.match_full && edge.columns.len() > 1;
    matters.then(|| format!("SELECT count(*) FROM {} AS c WHERE {}", edge.child, in_part(edge)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::edge;
    use super::*;

    #[test]
    fn keys_of_several_columns_go_on_after_the_last_one() {
        let mut edge = edge();
        edge.columns.push(EdgeColumn {
            child: "b".into(),
            parent: "b".into(),
            type_name: "text".into(),
            ..edge.columns[0].clone()
        });
        assert!(batch_sql(&edge, true, 10).contains(
            "AND (c.\"item\" OPERATOR(pg_catalog.>=) $1::text::integer AND (c.\"item\" OPERATOR(pg_catalog.>) $1::text::integer \
             OR c.\"b\" OPERATOR(pg_catalog.>) $2::text::text))"
        ));
        assert_eq!(
            missing_sql(&edge),
            "SELECT u.n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(k1, k2, n) WHERE NOT EXISTS (SELECT FROM app.item AS p \
             WHERE p.\"key\" OPERATOR(pg_catalog.=) u.k1::integer AND p.\"b\" OPERATOR(pg_catalog.=) u.k2::text)"
        );
    }

    #[test]
    fn only_match_full_minds_keys_that_are_null_in_part() {
        let mut edge = edge();
        edge.columns.push(edge.columns[0].clone());
        assert!(in_part_sql(&edge).is_none() && !list_sql(&edge).contains(" OR "));
        edge.match_full = true;
        assert!(in_part_sql(&edge).is_some() && list_sql(&edge).contains(" OR "));
    }

    #[test]
    fn keys_that_may_speak_of_people_are_counted_and_not_shown() {
        let mut edge = edge();
        assert!(scan_sql(&edge).ends_with("LIMIT 5)"));
        edge.columns[0].plain = false;
        assert!(scan_sql(&edge).ends_with("LIMIT 0)"));
    }
}
