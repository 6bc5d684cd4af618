//! SQL over the key of one table. Key values travel as text and are cast back, so any type can be a key.

use crate::inspect::{Column, Key, Table};
use crate::sql;

/// Seed of the row hash. Any value does; a constant keeps two runs comparable.
const SEED: i64 = 0x5265_7270_5370_6c69;

/// A table, its key, and the fragments that every query on it needs.
#[derive(Clone, Debug)]
pub(super) struct KeySql {
    table: String,
    /// Each key column, in the collation that both sides sort by.
    columns: Vec<String>,
    types: Vec<String>,
    /// Hash of a row.
    hash: String,
}

impl KeySql {
    /// None for a table without a key. `same_order`: both servers sort text alike; otherwise text is sorted by bytes,
    /// which no index helps with, but ranges then hold the same rows on both sides.
    pub(super) fn new(schema: &str, table: &Table, same_order: bool) -> Option<Self> {
        let key = table.key.as_ref()?;
        let (mut columns, mut types) = (Vec::new(), Vec::new());
        for name in &key.columns {
            let column = table.columns.iter().find(|column| &column.name == name)?;
            let collate = if column.collated && !same_order { " COLLATE \"C\"" } else { "" };
            columns.push(format!("t.{}{collate}", sql::ident(name)));
            types.push(column.type_name.clone());
        }
        Some(Self { table: sql::qualified(schema, &table.name), columns, types, hash: hash(table, key)? })
    }

    /// The table, qualified.
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// Columns of the key.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    fn key(&self) -> String {
        self.columns.join(", ")
    }

    /// Comma-separated text forms of the key's columns.
    fn key_text(&self) -> String {
        self.columns.iter().map(|column| format!("({column})::text")).collect::<Vec<_>>().join(", ")
    }

    /// The condition of a range; parameters from `$1`: the lower bound's columns, then the upper bound's.
    fn range(&self, lower: bool, upper: bool) -> String {
        let mut conditions = Vec::new();
        let mut first = 1;
        for (given, operator) in [(lower, ">"), (upper, "<=")] {
            if given {
                conditions.push(format!("({}) {operator} ({})", self.key(), self.bound(first)));
                first += self.width();
            }
        }
        if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") }
    }

    fn bound(&self, first: usize) -> String {
        let bound = |(n, kind): (usize, &String)| format!("${}::text::{kind}", first + n);
        self.types.iter().enumerate().map(bound).collect::<Vec<_>>().join(", ")
    }

    /// The key of the `rows`-th row of a range.
    pub(super) fn upper(&self, lower: bool, upper: bool, rows: i64) -> String {
        format!(
            "SELECT {} FROM {} t WHERE {} ORDER BY {} OFFSET {} LIMIT 1",
            self.key_text(),
            self.table,
            self.range(lower, upper),
            self.key(),
            rows - 1
        )
    }

    /// One key of each of about `percent` of the table's blocks, in the order of the key; which blocks follows from `lot`.
    pub(super) fn bounds(&self, percent: f64, lot: u32) -> String {
        format!(
            "SELECT {text} FROM (SELECT DISTINCT ON (t.tableoid, (t.ctid::text::point)[0]) {key} \
             FROM {table} t TABLESAMPLE SYSTEM ({percent}) REPEATABLE ({lot})) t ORDER BY {key}",
            text = self.key_text(),
            key = self.key(),
            table = self.table,
        )
    }

    /// Count, sum and xor of the hashes of a range. `OFFSET 0` keeps the planner from putting the hash into each of the aggregates, which
    /// would work it out twice a row, and that is most of what a comparison costs.
    pub(super) fn digest(&self, lower: bool, upper: bool) -> String {
        format!(
            "SELECT count(*), coalesce(sum(h), 0)::text, coalesce(bit_xor(h), 0) FROM (SELECT {} AS h FROM {} t WHERE {} OFFSET 0) x",
            self.hash,
            self.table,
            self.range(lower, upper)
        )
    }

    /// Key, hash and xmin of each row of a range.
    pub(super) fn rows(&self, lower: bool, upper: bool) -> String {
        format!(
            "SELECT ARRAY[{}], {}, t.xmin::text FROM {} t WHERE {}",
            self.key_text(),
            self.hash,
            self.table,
            self.range(lower, upper)
        )
    }

    /// The same for single keys: one text array per key column, from `$1`.
    pub(super) fn rows_by_key(&self) -> String {
        let arrays: Vec<String> = (1..=self.width()).map(|n| format!("${n}::text[]")).collect();
        let names: Vec<String> = (1..=self.width()).map(|n| format!("k{n}")).collect();
        let cast = |(n, kind): (usize, &String)| format!("u.k{}::{kind}", n + 1);
        let casts: Vec<String> = self.types.iter().enumerate().map(cast).collect();
        format!(
            "SELECT ARRAY[{}], {}, t.xmin::text FROM {} t WHERE ({}) IN (SELECT {} FROM unnest({}) u({}))",
            self.key_text(),
            self.hash,
            self.table,
            self.key(),
            casts.join(", "),
            arrays.join(", "),
            names.join(", ")
        )
    }
}

/// The hash of a row is a sum over hashes of its values, so two rows that exchange a value would leave the sum of a chunk as it was. It
/// begins with the key instead of a constant: each row has a hash function of its own.
fn hash(table: &Table, key: &Key) -> Option<String> {
    let named = |name: &String| table.columns.iter().find(|column| &column.name == name);
    let key: Vec<&Column> = key.columns.iter().map(named).collect::<Option<_>>()?;
    let all: Vec<&Column> = table.columns.iter().collect();
    let seed = match *key {
        [column] if column.send.as_deref() == Some("int8send") => format!("{} # {SEED}", value(column)),
        [column] if column.send.as_deref() == Some("int4send") => format!("{}::int8 # {SEED}", value(column)),
        _ => format!("hash_record_extended({}, {SEED})", row(&key)),
    };
    Some(format!("hash_record_extended({}, {seed})", row(&all)))
}

fn value(column: &Column) -> String {
    format!("t.{}", sql::ident(&column.name))
}

/// A value that is hashed as bytes and not as what its type takes for equal (1.0 and 1.00, two halves of a `bigint` exchanged). The binary form
/// costs half of the text, and where the type's own hash is one of bytes nothing has to be made of it first.
fn bytes(column: &Column) -> Option<String> {
    let value = value(column);
    Some(match column.send.as_deref()? {
        "textsend" | "varcharsend" => format!("{value}::text COLLATE \"C\""),
        "boolsend" | "byteasend" | "int2send" | "int4send" | "uuid_send" => value,
        send => format!("pg_catalog.{send}({value})"),
    })
}

/// All of a row, or of its key. `ROW(…)::text` of what has no bytes is the output of every column's type: what a client would see.
fn row(columns: &[&Column]) -> String {
    let mut values: Vec<String> = columns.iter().filter_map(|one| bytes(one)).collect();
    let told: Vec<String> = columns.iter().filter(|column| column.send.is_none()).map(|one| value(one)).collect();
    if !told.is_empty() {
        values.push(format!("ROW({})::text COLLATE \"C\"", told.join(", ")));
    }
    format!("ROW({})", values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, type_name: &str, collated| Column {
            name: name.into(),
            type_name: type_name.into(),
            collated,
            ..Column::default()
        };
        Table {
            name: "t".into(),
            columns: vec![column("a", "bigint", false), column("b", "text", true), column("v", "jsonb", false)],
            key: Some(Key { index: "t_pkey".into(), columns: vec!["a".into(), "b".into()], primary: true }),
            ..Table::default()
        }
    }

    #[test]
    fn ranges_number_their_parameters() {
        let sql = KeySql::new("s", &table(), true).unwrap();
        assert_eq!(
            sql.range(true, true),
            "(t.\"a\", t.\"b\") > ($1::text::bigint, $2::text::text) AND \
             (t.\"a\", t.\"b\") <= ($3::text::bigint, $4::text::text)"
        );
        assert_eq!(sql.range(false, true), "(t.\"a\", t.\"b\") <= ($1::text::bigint, $2::text::text)");
        assert_eq!(sql.range(false, false), "true");
    }

    #[test]
    fn a_row_is_hashed_by_what_its_values_are_sent_as_and_by_their_text_where_that_differs_between_servers() {
        let of = |sends: [Option<&str>; 3]| {
            let mut table = table();
            for (column, send) in table.columns.iter_mut().zip(sends) {
                column.send = send.map(str::to_owned);
            }
            row(&table.columns.iter().collect::<Vec<_>>())
        };
        assert_eq!(
            of([Some("int8send"), None, Some("jsonb_send")]),
            "ROW(pg_catalog.int8send(t.\"a\"), pg_catalog.jsonb_send(t.\"v\"), ROW(t.\"b\")::text COLLATE \"C\")"
        );
        assert_eq!(of([None, None, None]), "ROW(ROW(t.\"a\", t.\"b\", t.\"v\")::text COLLATE \"C\")");
        let all = of([Some("uuid_send"), Some("textsend"), Some("jsonb_send")]);
        assert_eq!(all, "ROW(t.\"a\", t.\"b\"::text COLLATE \"C\", pg_catalog.jsonb_send(t.\"v\"))");
    }

    #[test]
    fn each_row_is_hashed_by_a_function_of_its_own() {
        let of = |keys: &[&str], send: Option<&str>| {
            let mut table = table();
            table.columns[0].send = send.map(str::to_owned);
            let key = Key { columns: keys.iter().map(|&key| key.to_owned()).collect(), ..table.key.clone().unwrap() };
            hash(&table, &key).unwrap()
        };
        assert!(of(&["a"], Some("int8send")).ends_with(&format!(", t.\"a\" # {SEED})")));
        assert!(of(&["a"], Some("int4send")).ends_with(&format!(", t.\"a\"::int8 # {SEED})")));
        let both = format!(
            ", hash_record_extended(ROW(pg_catalog.int8send(t.\"a\"), ROW(t.\"b\")::text COLLATE \"C\"), {SEED}))"
        );
        assert!(of(&["a", "b"], Some("int8send")).ends_with(&both));
        assert!(
            of(&["a"], None)
                .ends_with(&format!(", hash_record_extended(ROW(ROW(t.\"a\")::text COLLATE \"C\"), {SEED}))"))
        );
    }

    #[test]
    fn text_is_sorted_by_bytes_if_the_servers_sort_differently() {
        let sql = KeySql::new("s", &table(), false).unwrap();
        assert_eq!(sql.key(), "t.\"a\", t.\"b\" COLLATE \"C\"");
    }

    #[test]
    fn a_table_without_key_has_no_sql() {
        assert!(KeySql::new("s", &Table { key: None, ..table() }, true).is_none());
    }

    #[test]
    fn bounds_are_keys_of_some_blocks_in_the_order_of_both_sides() {
        let bounds = KeySql::new("app", &table(), false).unwrap().bounds(0.5, 7);
        let expected = "SELECT (t.\"a\")::text, (t.\"b\" COLLATE \"C\")::text FROM (SELECT DISTINCT ON (t.tableoid, (t.ctid::text::point)[0]) \
             t.\"a\", t.\"b\" COLLATE \"C\" FROM \"app\".\"t\" t TABLESAMPLE SYSTEM (0.5) REPEATABLE (7)) t ORDER BY t.\"a\", t.\"b\" COLLATE \"C\"";
        assert_eq!(bounds, expected);
    }
}
