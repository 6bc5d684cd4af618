//! Quoting of SQL identifiers and literals: the one place of this crate that does it.
//!
//! In: names and texts as the catalog or the spec has them. Out: text that is safe inside a statement.
//! DDL can't take bind parameters, so whatever goes into DDL passes through here; everything else binds.

/// Quotes an identifier the way `quote_ident` does when it must: always quoted, so case and keywords survive.
#[must_use]
pub fn ident(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push('"');
    for c in name.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// `"schema"."name"`.
#[must_use]
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", ident(schema), ident(name))
}

/// Quotes a text literal. A backslash switches to the `E''` form, so the result means the same whatever
/// `standard_conforming_strings` says (as `quote_literal` does).
#[must_use]
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 3);
    if text.contains('\\') {
        out.push_str(" E");
    }
    out.push('\'');
    for c in text.chars() {
        if c == '\'' || c == '\\' {
            out.push(c);
        }
        out.push(c);
    }
    out.push('\'');
    out
}

/// Comma-separated quoted identifiers; the empty string for an empty list.
#[must_use]
pub fn idents<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(ident).collect::<Vec<_>>().join(", ")
}

/// Comma-separated quoted `"schema"."table"` names of one schema.
#[must_use]
pub fn tables<'a>(schema: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| qualified(schema, name)).collect::<Vec<_>>().join(", ")
}

/// A value inside a libpq connection string (`password=…`): single quotes and backslashes are escaped by a backslash.
#[must_use]
pub fn conninfo_value(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_keep_case_and_quotes() {
        assert_eq!(ident("Order"), "\"Order\"");
        assert_eq!(ident("a\"b"), "\"a\"\"b\"");
        assert_eq!(qualified("s", "t"), "\"s\".\"t\"");
        assert_eq!(idents(["a", "b"]), "\"a\", \"b\"");
        assert_eq!(tables("s", ["a", "b"]), "\"s\".\"a\", \"s\".\"b\"");
    }

    #[test]
    fn literals_survive_quotes_and_backslashes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b'"), " E'a\\\\b'''");
    }

    #[test]
    fn conninfo_values_are_escaped() {
        assert_eq!(conninfo_value("a'b\\c d"), "'a\\'b\\\\c d'");
    }
}
