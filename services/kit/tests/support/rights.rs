//! What a service says it holds of people, against its schema and its rows. In: its tables of that, and a home with its migrations. Out: what is missing.

use rerp_kit::rights::{Held, Lifetime};

use super::Home;

/// Columns by which a row is somebody's.
const OWNERS: &str = "'human_name_id', 'person_id', 'email_address_id'";

/// How many tables of the schema have no lifetime, and how many with something of people are not held; both are to be none. Tables that are named are there.
pub async fn forgotten(home: &Home, held: &[Held], lifetimes: &[Lifetime]) -> (i64, i64) {
    let names = |all: Vec<&str>| format!("ARRAY['{}']::text[]", all.join("', '"));
    let ours = "n.nspname = 'svc' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE '\\_sqlx%'";
    let tables = format!("FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE {ours}");
    let lived = names(lifetimes.iter().map(|one| one.table).collect());
    let known = names(held.iter().map(|one| one.table).collect());
    for one in lifetimes.iter().map(|one| one.table).chain(held.iter().map(|one| one.table)) {
        assert_eq!(home.number(&format!("SELECT count(*) {tables} AND c.relname = '{one}'")).await, 1, "{one}");
    }
    let endless = home.number(&format!("SELECT count(*) {tables} AND c.relname <> ALL ({lived})")).await;
    let owned = format!(
        "{tables} AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname IN ({OWNERS}))"
    );
    (endless, home.number(&format!("SELECT count(*) {owned} AND c.relname <> ALL ({known})")).await)
}

/// Tables in which some row holds a text, in whatever case.
pub async fn holding(home: &Home, lifetimes: &'static [Lifetime], needle: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for table in lifetimes.iter().map(|one| one.table) {
        let rows =
            format!("SELECT count(*) FROM svc.{table} AS t WHERE position(lower('{needle}') IN lower(t::text)) > 0");
        if home.number(&rows).await > 0 && !found.contains(&table) {
            found.push(table);
        }
    }
    found
}
