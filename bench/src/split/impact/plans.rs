//! How statements are planned. In: a side. Out: for each statement the shape of its plan: kinds of nodes, tables, indexes and joins, without
//! what is estimated. Pure but for asking.

use serde_json::Value;

use super::super::Error;
use crate::postgres::Server;

/// Statements over the tables of `bench/sql/split-tables.sql`: by key, by index, in order, joined, grouped, and changes.
pub(super) const STATEMENTS: [&str; 14] = [
    "SELECT * FROM customers WHERE id = 42",
    "SELECT * FROM customers WHERE email = 'nobody@bench.example'",
    "SELECT count(*) FROM customers WHERE country = 'fr' AND created_at < '2026-01-01 01:00Z'",
    "SELECT id FROM customers ORDER BY id DESC LIMIT 10",
    "SELECT * FROM orders WHERE customer_id = 42 ORDER BY placed_at DESC LIMIT 20",
    "SELECT placed_at FROM orders WHERE status = 'open' ORDER BY placed_at LIMIT 50",
    "SELECT status, count(*), sum(total) FROM orders GROUP BY status",
    "SELECT o.id, c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.id BETWEEN 100 AND 200",
    "SELECT c.country, sum(o.total) FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY c.country",
    "SELECT d.kind, d.body FROM documents AS d JOIN orders AS o ON o.id = d.order_id WHERE o.customer_id = 42",
    "SELECT order_id FROM documents WHERE order_id BETWEEN 1000 AND 1100",
    "SELECT kind, max(updated_at) FROM documents WHERE kind = 'note' GROUP BY kind",
    "UPDATE orders SET status = 'shipped' WHERE id = 42",
    "DELETE FROM documents WHERE order_id = 42 AND kind = 'invoice'",
];

/// Parts of a node that say what kind of plan it is.
const TOLD: [&str; 7] =
    ["Node Type", "Join Type", "Strategy", "Operation", "Relation Name", "Index Name", "Scan Direction"];

/// Plans of all statements on a side.
pub(super) fn shapes(server: &Server, database: &str) -> Result<Vec<String>, Error> {
    STATEMENTS
        .iter()
        .map(|statement| {
            let text = server.ask(database, &format!("EXPLAIN (FORMAT JSON) {statement}"))?;
            let plan: Value = serde_json::from_str(&text).map_err(Error::Plan)?;
            Ok(shape(&plan[0]["Plan"]))
        })
        .collect()
}

/// How many differ; each is printed.
pub(super) fn told_apart(before: &[String], after: &[String]) -> usize {
    let all = STATEMENTS.iter().zip(before.iter().zip(after));
    let other = all.filter(|(_, (before, after))| before != after);
    other
        .map(|(statement, (before, after))| eprintln!("    {statement}\n      was {before}\n      is  {after}"))
        .count()
}

/// A node and those below it: `Hash Join Inner (Seq Scan orders, Hash (Seq Scan customers))`.
fn shape(plan: &Value) -> String {
    let told: Vec<&str> = TOLD.iter().filter_map(|part| plan[*part].as_str()).collect();
    let below: Vec<String> = plan["Plans"].as_array().into_iter().flatten().map(shape).collect();
    let told = told.join(" ");
    if below.is_empty() { told } else { format!("{told} ({})", below.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_estimated_is_no_difference_and_another_index_is() {
        let plan = |index: &str, rows: u64| {
            shape(&json!({"Node Type": "Limit", "Plan Rows": rows, "Plans": [
                {"Node Type": "Index Scan", "Scan Direction": "Forward", "Index Name": index, "Relation Name": "orders", "Total Cost": 1.5},
            ]}))
        };
        assert_eq!(plan("orders_pkey", 1), "Limit (Index Scan orders orders_pkey Forward)");
        assert_eq!(plan("orders_pkey", 1), plan("orders_pkey", 2));
        let shapes = [plan("orders_pkey", 1), plan("other", 1)];
        assert_eq!(told_apart(&shapes, &[plan("orders_pkey", 9), plan("orders_pkey", 9)]), 1);
    }
}
