//! A comparison between any two databases that writes nothing, with a migration or without one.
//!
//! In: two endpoints, the schema on each, and which of its tables. Out: as `verify`, by the same chunks and the same rule.
//! All sessions are read-only. It keeps no memory: begun anew it compares everything again.

use super::key::KeySql;
use super::link::{self, Link};
use super::way::Way;
use super::{Comparison, Observer, Pair, Queries, compare_all};
use crate::connect::Endpoint;
use crate::inspect::{Column, Inventory, Table, inspect};
use crate::spec::{Side, Spec, VerificationSpec};
use crate::step::{StepError, failed};
use std::collections::BTreeSet;
use tokio_postgres::Client;

/// Why nothing can be compared.
#[derive(Debug, thiserror::Error)]
pub enum ScopeError {
    /// What was asked for isn't there.
    #[error("{0}")]
    Nothing(String),
    /// A server can't be reached, or its catalog can't be read.
    #[error(transparent)]
    Step(#[from] StepError),
}

/// What will be compared.
pub struct Scope {
    pair: Pair,
    link: Link,
    tables: Vec<(Queries, u64)>,
    how: VerificationSpec,
    /// Tables that the target lacks: all their rows differ.
    missing: Vec<String>,
    /// Tables that can't be compared, each with the reason.
    pub incomparable: Vec<String>,
    /// The target's sessions can see how far it has followed the source; otherwise a key that differs counts once it has stood
    /// still on the source for half a second.
    pub is_linked: bool,
}

/// Looks at both sides. Of `spec` only the schemas, the list of tables and what is said of the comparison count.
///
/// # Errors
/// There is nothing to compare, a server can't be reached, or its catalog can't be read.
pub async fn scope(from: &Endpoint, to: &Endpoint, spec: &Spec) -> Result<Scope, ScopeError> {
    let (mut source, mut target) = (session(from).await?, session(to).await?);
    let here = inspect(&mut source, Side::Source, spec).await.map_err(StepError::from)?;
    let there = inspect(&mut target, Side::Target, spec).await.map_err(StepError::from)?;
    check(&here, &there)?;
    let same_system = here.server.system == there.server.system;
    let link = link::find(&source, &target, same_system).await?;
    let is_linked = link != Link::Unknown;
    let pair = Pair { source, target };
    let (how, missing, incomparable) = (spec.verification, Vec::new(), Vec::new());
    let mut scope = Scope { pair, link, tables: Vec::new(), how, missing, incomparable, is_linked };
    let same_order = here.server.collation == there.server.collation;
    for table in units(&here.tables, &there.tables) {
        match there.tables.iter().find(|other| other.name == table.name) {
            None => scope.missing.push(table.name.clone()),
            Some(other) => match queries(&here.schema, table, &there.schema, other, same_order) {
                Ok(queries) => scope.tables.push((queries, table.rows)),
                Err(why) => scope.incomparable.push(format!("{}: {why}", table.name)),
            },
        }
    }
    Ok(scope)
}

impl Scope {
    /// Rows to compare, as the source's statistics expect.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }

    /// Compares all of it, or a sample, which is another one each time.
    ///
    /// # Errors
    /// A statement fails, or the target doesn't follow the source: could not verify, which isn't a mismatch.
    pub async fn compare(self, observer: &dyn Observer) -> Result<Comparison, StepError> {
        let way = Way::ReadOnly(self.link);
        let missing = self.missing.iter().map(|table| format!("{table} (the target has no such table)"));
        let mut total = Comparison { mismatches: missing.collect(), ..Comparison::default() };
        let seed = rand::random::<u64>().to_string();
        compare_all(&way, &self.pair, &self.tables, (self.how, &seed), &mut total, observer).await?;
        Ok(total)
    }
}

/// A session that can't write, whatever it is told.
async fn session(endpoint: &Endpoint) -> Result<Client, StepError> {
    let client = endpoint.connect("verify").await?;
    let read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
    client.batch_execute(read_only).await.map_err(failed("make the session read-only"))?;
    Ok(client)
}

fn check(source: &Inventory, target: &Inventory) -> Result<(), ScopeError> {
    let of = |side: &Inventory| (side.server.system.clone(), side.server.database.clone(), side.schema.clone());
    if of(source) == of(target) && !target.server.in_recovery {
        let what = "source and target are the same schema of the same database: give the URL of another one";
        return Err(ScopeError::Nothing(what.to_owned()));
    }
    if let Some(name) = source.missing.first() {
        let schema = &source.schema;
        return Err(ScopeError::Nothing(format!(
            "the source has no table {schema}.{name}: correct the list of tables"
        )));
    }
    for side in [source, target] {
        if side.schema_owner.is_none() {
            let what = format!("the {} has no schema {}: correct its name", side.side, side.schema);
            return Err(ScopeError::Nothing(what));
        }
    }
    if source.tables.is_empty() {
        let what = format!("schema {} of the source holds no table: correct its name", source.schema);
        return Err(ScopeError::Nothing(what));
    }
    Ok(())
}

/// What is compared with what has its name on the other side. A partitioned table is compared partition by partition where both sides
/// have the same ones, and as a whole where they haven't.
fn units<'a>(here: &'a [Table], there: &[Table]) -> Vec<&'a Table> {
    fn tree<'t>(tables: &'t [Table], top: &str) -> BTreeSet<(&'t str, bool)> {
        let parts = tables.iter().filter(|part| part.name == top || part.tree.as_deref() == Some(top));
        parts.map(|part| (part.name.as_str(), part.stores())).collect()
    }
    // A tree of which a part isn't looked at here (it wasn't named, or is in another schema) is compared by what its top shows.
    let whole = |tables: &[Table], top: &str| {
        tables.iter().all(|part| (part.name != top && part.tree.as_deref() != Some(top)) || part.torn.is_empty())
    };
    let alike = |top: &str| whole(here, top) && whole(there, top) && tree(here, top) == tree(there, top);
    let compared = |table: &&Table| match &table.tree {
        Some(top) if here.iter().any(|other| &other.name == top) => table.stores() && alike(top),
        Some(_) => true,
        None => table.stores() || !alike(&table.name),
    };
    here.iter().filter(compared).collect()
}

/// The same columns in the same order on both sides, or why there are none.
fn queries(from: &str, table: &Table, to: &str, other: &Table, same_order: bool) -> Result<Queries, String> {
    let Some(key) = &table.key else { return Err("it has no primary key or identity index".to_owned()) };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for column in &table.columns {
        let same = other.columns.iter().find(|theirs| theirs.name == column.name);
        let Some(same) = same else { return Err(format!("the target lacks column {}", column.name)) };
        if key.columns.contains(&column.name) && same.type_name != column.type_name {
            let (here, there) = (&column.type_name, &same.type_name);
            return Err(format!("the key's column {} is {here} on the source and {there} on the target", column.name));
        }
        // Other types may mean the same: their text tells.
        let send = column.send.clone().filter(|_| column.send == same.send);
        ours.push(Column { send: send.clone(), ..column.clone() });
        theirs.push(Column { send, ..same.clone() });
    }
    if let Some(more) = other.columns.iter().find(|theirs| table.columns.iter().all(|ours| ours.name != theirs.name)) {
        return Err(format!("the source lacks column {}", more.name));
    }
    let aligned = |of: &Table, columns| Table { columns, key: table.key.clone(), ..of.clone() };
    let sql = |schema, table| KeySql::new(schema, &table, same_order).ok_or("its key can't be read".to_owned());
    let (ours, theirs) = (aligned(table, ours), aligned(other, theirs));
    Ok(Queries { name: table.name.clone(), from: sql(from, ours)?, to: sql(to, theirs)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::Key;

    fn table(columns: &[(&str, &str)]) -> Table {
        let column = |(name, kind): &(&str, &str)| Column {
            name: (*name).to_owned(),
            type_name: (*kind).to_owned(),
            ..Column::default()
        };
        Table {
            name: "t".into(),
            columns: columns.iter().map(column).collect(),
            key: Some(Key { index: "i".into(), columns: vec!["id".into()], primary: true }),
            ..Table::default()
        }
    }

    fn why(ours: &Table, theirs: &Table) -> Option<String> {
        queries("a", ours, "b", theirs, true).err()
    }

    #[test]
    fn the_targets_own_order_of_columns_does_not_matter() {
        let (ours, theirs) = (table(&[("id", "int"), ("v", "int")]), table(&[("v", "bigint"), ("id", "int")]));
        let queries = queries("a", &ours, "b", &theirs, true).unwrap();
        let (from, to) = (queries.from.digest(false, false), queries.to.digest(false, false));
        assert_eq!(to, from.replace("\"a\".\"t\"", "\"b\".\"t\""));
        assert!(from.contains("ROW(t.\"id\", t.\"v\")"), "{from}");
    }

    #[test]
    fn types_that_differ_are_compared_by_their_text() {
        let sent = |kind: &str, send: &str| {
            let mut table = table(&[("id", "int"), ("v", kind)]);
            table.columns[1].send = Some(send.into());
            table
        };
        let hashed = |theirs: &Table| {
            let queries = queries("a", &sent("int", "oidsend"), "a", theirs, true).unwrap();
            assert_eq!(queries.from.digest(false, false), queries.to.digest(false, false));
            queries.from.digest(false, false)
        };
        assert!(hashed(&sent("int", "oidsend")).contains("oidsend(t.\"v\")"));
        assert!(!hashed(&sent("bigint", "int8send")).contains("send"));
    }

    #[test]
    fn partitions_are_compared_where_both_sides_have_the_same() {
        let named = |name: &str, kind: &str, tree: Option<&str>| Table {
            name: name.into(),
            kind: kind.into(),
            tree: tree.map(str::to_owned),
            ..Table::default()
        };
        let top = named("t", "p", None);
        let tree = [top.clone(), named("t_1", "p", Some("t")), named("t_1a", "r", Some("t")), named("u", "r", None)];
        let compared = |there: &[Table]| units(&tree, there).iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(compared(&tree), ["t_1a", "u"]);
        assert_eq!(compared(&tree[..2]), ["t", "u"], "fewer there");
        assert_eq!(compared(&[&tree[..], &[named("t_2", "r", Some("t"))]].concat()), ["t", "u"], "more there");
        assert_eq!(compared(&[named("t", "r", None)]), ["t", "u"], "no partitions there");
        assert_eq!(units(std::slice::from_ref(&top), &[named("t", "r", None)]).len(), 1, "nor any here");
        let alone = Table { torn: vec!["app.t_1a".into()], ..top.clone() };
        let alone = std::slice::from_ref(&alone);
        assert_eq!(units(alone, alone).len(), 1, "its partitions were not named on either side");
        assert_eq!(units(&tree[2..], &tree).len(), 2, "a partition that was asked for by name");
    }

    #[test]
    fn what_can_not_be_compared_is_told() {
        let ours = table(&[("id", "int"), ("v", "int")]);
        let keyless = Table { key: None, ..ours.clone() };
        assert!(why(&keyless, &ours).unwrap().contains("no primary key"));
        assert_eq!(why(&ours, &table(&[("id", "int")])).unwrap(), "the target lacks column v");
        assert_eq!(why(&table(&[("id", "int")]), &ours).unwrap(), "the source lacks column v");
        let text = table(&[("id", "text"), ("v", "int")]);
        assert_eq!(why(&ours, &text).unwrap(), "the key's column id is int on the source and text on the target");
    }
}
