//! Keeps a foreign key to a staying table out of the target, where there is no such table.

use super::statement::comment_sql;
use crate::inspect::Edge;
use crate::sql;

/// A foreign key of a moving table that the dump doesn't hold in the form that is known of `pg_dump`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the dump doesn't hold the foreign key {name} of {child} in the expected form, so it can't be left out")]
pub struct NotFound {
    name: String,
    child: String,
}

/// The post-data section without the keys of moving tables to staying ones. The definition is the server's own text; only
/// names may be quoted where they need not be. A key that isn't found exactly once is an error: the target could not be
/// built with it, and something else must not be left out in its place.
///
/// # Errors
/// A key is not there, or more than once.
pub fn leave_out(dump: &str, edges: &[Edge]) -> Result<String, NotFound> {
    let mut text = format!("\n{dump}");
    for edge in edges.iter().filter(|edge| edge.child_moves) {
        let not_found = || NotFound { name: edge.name.clone(), child: edge.child.clone() };
        // The key of a partitioned table is made for its partitions too.
        let only = if edge.partitioned { "" } else { "ONLY " };
        text = names(&edge.name)
            .iter()
            .find_map(|name| {
                let add =
                    format!("\nALTER TABLE {only}{}\n    ADD CONSTRAINT {name} {};\n", edge.child, edge.definition);
                once(&text, &add)
            })
            .ok_or_else(not_found)?;
        if edge.comment.is_some() {
            text =
                names(&edge.name).iter().find_map(|name| once(&text, &comment(edge, name)?)).ok_or_else(not_found)?;
        }
    }
    Ok(text.split_off(1))
}

/// A name as it is, if it may be written so, and quoted.
fn names(name: &str) -> [String; 2] {
    [name.to_owned(), sql::ident(name)]
}

/// `pg_dump` writes backslashes as they are: its scripts set `standard_conforming_strings`.
fn comment(edge: &Edge, name: &str) -> Option<String> {
    comment_sql(edge)?;
    let text = edge.comment.as_ref()?.replace('\'', "''");
    Some(format!("\nCOMMENT ON CONSTRAINT {name} ON {} IS '{text}';\n", edge.child))
}

/// `text` without `part`, if that is there exactly once.
fn once(text: &str, part: &str) -> Option<String> {
    let (before, after) = text.split_once(part)?;
    (!after.contains(part)).then(|| format!("{before}\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::edge;
    use super::*;

    const DUMP: &str = "ALTER TABLE ONLY stay.note\n    ADD CONSTRAINT note_pkey PRIMARY KEY (id);\n\n\
        ALTER TABLE ONLY stay.note\n    ADD CONSTRAINT note_item_fkey FOREIGN KEY (item) REFERENCES app.item(key);\n\n\
        COMMENT ON CONSTRAINT note_item_fkey ON stay.note IS 'it''s \\ here';\n";

    fn moving() -> Edge {
        Edge { child_moves: true, ..edge() }
    }

    #[test]
    fn the_key_and_its_comment_are_left_out_and_nothing_else() {
        let edge = Edge { comment: Some("it's \\ here".into()), ..moving() };
        let text = leave_out(DUMP, &[edge]).unwrap();
        assert!(text.contains("note_pkey") && !text.contains("note_item_fkey"), "{text}");
        assert_eq!(
            leave_out(DUMP, &[super::super::tests::edge()]).unwrap(),
            DUMP,
            "a key of a staying table isn't there"
        );
    }

    #[test]
    fn what_is_not_there_exactly_once_is_an_error() {
        assert!(leave_out("", &[moving()]).is_err());
        assert!(leave_out(&format!("{DUMP}\n{DUMP}"), &[moving()]).is_err());
        let other = Edge { definition: "FOREIGN KEY (item) REFERENCES app.item(other)".into(), ..moving() };
        assert!(leave_out(DUMP, &[other]).is_err());
    }

    #[test]
    fn quoted_names_are_found() {
        let edge = Edge { name: "Odd".into(), ..moving() };
        let dump = DUMP.replace("note_item_fkey", "\"Odd\"");
        assert!(!leave_out(&dump, &[edge]).unwrap().contains("Odd\" FOREIGN"));
    }
}
