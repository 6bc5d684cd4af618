//! Who uses a schema, as its rights tell: for a person who doesn't name the roles.
//!
//! In: a session on the source. Out: tables, their owner, and the roles that read or write all of them. Rights that have been
//! taken away by a cutover count too, by what the journal says of them, so the answer is the same before and after. Whoever
//! has rights on some of the tables, or other ones, is named and not guessed at: the target would give more than there was.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Error};

/// What writes rows, all of it.
const WRITES: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// Who uses a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tables of the schema, or those of them that were asked for; by name.
    pub tables: Vec<String>,
    /// The role that owns most of them; none if there is none.
    pub owner: Option<String>,
    /// Roles that read and write every one.
    pub app: Vec<String>,
    /// Roles that read every one and write none.
    pub read: Vec<String>,
    /// Roles with other rights, each with what it has.
    pub unclear: Vec<(String, String)>,
}

/// One privilege of one role on one table; an empty column for the whole table.
#[derive(Clone, Debug, Deserialize)]
struct Right {
    role: String,
    relation: String,
    column: String,
    privilege: String,
}

const TABLES: &str = "SELECT c.relname::text, pg_get_userbyid(c.relowner)::text, c.relispartition FROM pg_class c \
    WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND ($2::text[] IS NULL OR c.relname = ANY($2)) \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
    ORDER BY 1";

/// PUBLIC is preflight's to refuse, and no right can be taken from a superuser.
const GRANTED: &str = "SELECT coalesce(jsonb_agg(jsonb_build_object('role', r.rolname, 'relation', g.relname, 'column', g.col, \
        'privilege', g.privilege_type)), '[]') \
    FROM (SELECT c.relname, c.relowner, '' AS col, a.* FROM pg_class c, aclexplode(c.relacl) a \
          WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') \
          UNION ALL \
          SELECT c.relname, c.relowner, t.attname, a.* FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, \
              aclexplode(t.attacl) a \
          WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')) g \
    JOIN pg_roles r ON r.oid = g.grantee WHERE NOT r.rolsuper AND g.grantee <> g.relowner";

/// What `fence` has written down before it takes it away.
const DECLARED: &str = "SELECT coalesce(jsonb_agg(jsonb_build_object('role', role_name, 'relation', relation, \
        'column', column_name, 'privilege', privilege)), '[]') \
    FROM rerp_split.rights WHERE schema_name = $1 AND kind = 'r'";

/// Reads it; empty for a schema that isn't there.
///
/// # Errors
/// A statement fails.
pub async fn usage(client: &Client, schema: &str, only: Option<&[String]>) -> Result<Usage, Error> {
    let quoted = crate::sql::ident(schema);
    let rows = client.query(TABLES, &[&quoted, &only]).await?;
    let tables: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut rights = read(client, GRANTED, &quoted).await?;
    let journal = client.query_one("SELECT to_regclass('rerp_split.rights') IS NOT NULL", &[]).await?;
    if journal.get(0) {
        rights.extend(read(client, DECLARED, schema).await?);
    }
    // Rights on a partitioned table are enough for its partitions; who has some on them by name as well has no less.
    let partitions: BTreeSet<String> = rows.iter().filter(|row| row.get(2)).map(|row| row.get(0)).collect();
    Ok(judge(&tables, &partitions, rights))
}

async fn read(client: &Client, select: &str, schema: &str) -> Result<Vec<Right>, Error> {
    let Json(rights) = client.query_one(select, &[&schema]).await?.try_get(0)?;
    Ok(rights)
}

fn judge(tables: &[(String, String)], partitions: &BTreeSet<String>, rights: Vec<Right>) -> Usage {
    let mut owned: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, owner) in tables {
        *owned.entry(owner).or_default() += 1;
    }
    // Of two with as many the first by name.
    let owner = owned.iter().rev().max_by_key(|(_, count)| **count).map(|(owner, _)| (*owner).to_owned());
    let mut usage = Usage { tables: tables.iter().map(|(name, _)| name.clone()).collect(), owner, ..Usage::default() };
    let mut roles: BTreeMap<String, Vec<Right>> = BTreeMap::new();
    for right in rights {
        let moves = usage.tables.contains(&right.relation);
        if moves && Some(&right.role) != usage.owner.as_ref() {
            roles.entry(right.role.clone()).or_default().push(right);
        }
    }
    for (role, rights) in roles {
        let on_all = |privilege: &str| {
            let has = |table: &String| {
                rights.iter().any(|r| r.privilege == privilege && r.relation == *table && r.column.is_empty())
            };
            let mut tops = usage.tables.iter().filter(|table| !partitions.contains(*table)).peekable();
            // Nobody has all of nothing.
            tops.peek().is_some() && tops.all(has)
        };
        if WRITES.iter().all(|privilege| on_all(privilege)) {
            usage.app.push(role);
        } else if on_all("SELECT") && rights.iter().all(|right| right.privilege == "SELECT") {
            usage.read.push(role);
        } else {
            usage.unclear.push((role, describe(&rights)));
        }
    }
    usage
}

/// `DELETE, SELECT on a, b; SELECT on c`.
fn describe(rights: &[Right]) -> String {
    let mut by_table: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for right in rights {
        by_table.entry(&right.relation).or_default().insert(&right.privilege);
    }
    let mut by_rights: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (table, privileges) in by_table {
        by_rights.entry(privileges).or_default().push(table);
    }
    let group = |(privileges, tables): (BTreeSet<&str>, Vec<&str>)| {
        format!("{} on {}", privileges.into_iter().collect::<Vec<_>>().join(", "), tables.join(", "))
    };
    by_rights.into_iter().map(group).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, owner)| ((*name).to_owned(), (*owner).to_owned())).collect()
    }

    fn rights(role: &str, relations: &[&str], privileges: &[&str]) -> Vec<Right> {
        let one = |relation: &&str, privilege: &&str| Right {
            role: role.into(),
            relation: (*relation).into(),
            column: String::new(),
            privilege: (*privilege).into(),
        };
        relations.iter().flat_map(|relation| privileges.iter().map(move |privilege| one(relation, privilege))).collect()
    }

    #[test]
    fn roles_are_told_by_what_they_may_do_on_every_table() {
        let two = tables(&[("a", "o"), ("b", "o")]);
        let mut all = rights("app", &["a", "b"], &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"]);
        all.extend(rights("ro", &["a", "b"], &["SELECT"]));
        all.extend(rights("o", &["a", "b"], &["SELECT"]));
        all.extend(rights("else", &["c"], &["SELECT"]));
        let usage = judge(&two, &BTreeSet::new(), all);
        assert_eq!((usage.owner.as_deref(), usage.app, usage.read), (Some("o"), vec!["app".into()], vec!["ro".into()]));
        assert_eq!((usage.tables, usage.unclear), (vec!["a".to_owned(), "b".to_owned()], vec![]));
    }

    #[test]
    fn rights_on_the_whole_are_enough_for_its_partitions() {
        let tree = tables(&[("a", "o"), ("a_1", "o"), ("a_2", "o")]);
        let partitions = BTreeSet::from(["a_1".to_owned(), "a_2".to_owned()]);
        let all = rights("app", &["a", "a_1"], &["SELECT", "INSERT", "UPDATE", "DELETE"]);
        assert_eq!(judge(&tree, &partitions, all).app, ["app"]);
        let part = judge(&tree, &partitions, rights("app", &["a_1"], &["SELECT"]));
        assert_eq!((part.read.len(), part.unclear.len()), (0, 1));
        let apart = judge(&tables(&[("a_1", "o")]), &partitions, rights("app", &["a_1"], &["SELECT"]));
        assert_eq!((apart.app.len(), apart.read.len()), (0, 0), "nobody has all of nothing");
    }

    #[test]
    fn who_has_other_rights_is_named() {
        let two = tables(&[("a", "o"), ("b", "p"), ("c", "o")]);
        let mut all = rights("some", &["a"], &["SELECT", "INSERT"]);
        all.extend(rights("some", &["c", "b"], &["SELECT"]));
        all.push(Right { column: "x".into(), ..rights("column", &["b"], &["SELECT"]).remove(0) });
        let usage = judge(&two, &BTreeSet::new(), all);
        let expected = [("column", "SELECT on b"), ("some", "INSERT, SELECT on a; SELECT on b, c")];
        assert_eq!(usage.unclear, expected.map(|(role, what)| (role.to_owned(), what.to_owned())));
        assert_eq!((usage.owner.as_deref(), usage.app.len(), usage.read.len()), (Some("o"), 0, 0));
    }
}
