//! Who else has to do with the moving tables: publications and subscriptions, owners and grantors, names that are taken.

use super::{InspectError, Reader, Tie};
use crate::names;
use crate::spec::{Direction, Side};
use serde::Deserialize;

/// Everybody of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// Publications of others with the first ten of the moving tables in them; `kind` is `table`, `schema`, `everything`, or `tables`
    /// for more than ten.
    pub publications: Vec<Tie>,
    /// Subscriptions that write into moving tables, and the first ten of these.
    pub subscriptions: Vec<Tie>,
    /// Views on moving tables, and functions with their owner's rights, that move and belong to somebody else.
    pub owned: Vec<Tie>,
    /// Rights of the service that others than the owner gave it.
    pub given: Vec<Given>,
    /// Objects with names of this migration that its journal doesn't know; `with` is empty.
    pub taken: Vec<Tie>,
}

/// Rights of a role of the service that somebody else than the table's owner gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Given {
    /// Table name without schema.
    pub table: String,
    /// The role.
    pub grantee: String,
    /// Who gave it.
    pub grantor: String,
    /// Which, comma-separated.
    pub rights: String,
}

const PUBLICATIONS: &str = r#"
SELECT CASE WHEN q.kind = 'table' AND count(*) > 10 THEN 'tables' ELSE q.kind END AS kind, q.pubname AS object,
  concat(array_to_string((array_agg(q.name ORDER BY q.name))[1:10], ', '), ' and ' || nullif(greatest(count(*) - 10, 0), 0) || ' more') AS "with"
FROM (SELECT CASE WHEN p.puballtables THEN 'everything'
        WHEN EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid) THEN 'table'
        WHEN EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace) THEN 'schema' END AS kind,
        p.pubname, c.oid::regclass::text AS name
      FROM pg_class c CROSS JOIN pg_publication p WHERE c.oid = ANY($1) AND p.pubname !~ '^rerp_[a-z0-9]+_') q
WHERE q.kind IS NOT NULL GROUP BY q.kind, q.pubname ORDER BY 2, 1
"#;

const SUBSCRIPTIONS: &str = r#"
SELECT 'subscription' AS kind, s.subname AS object,
  concat(array_to_string((array_agg(r.srrelid::regclass::text ORDER BY r.srrelid))[1:10], ', '), ' and ' || nullif(greatest(count(*) - 10, 0), 0) || ' more') AS "with"
FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid
WHERE r.srrelid = ANY($1) AND NOT starts_with(s.subname, $2) GROUP BY 2 ORDER BY 2
"#;

/// `$2`: the schema, quoted. `$3`: only some tables move, and no view. `$4`: the owner. A view reads with the rights of its owner.
const OWNED: &str = r#"
SELECT 'view' AS kind, v.oid::regclass::text AS object, pg_get_userbyid(v.relowner)::text AS "with"
FROM pg_class v
WHERE v.relnamespace = to_regnamespace($2) AND v.relkind = 'v' AND NOT $3 AND pg_get_userbyid(v.relowner) <> $4
  AND NOT EXISTS (SELECT FROM pg_options_to_table(v.reloptions) o WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
  AND EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
              WHERE r.ev_class = v.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY($1))
UNION ALL
SELECT 'function', p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text
FROM pg_proc p WHERE p.pronamespace = to_regnamespace($2) AND p.prosecdef AND pg_get_userbyid(p.proowner) <> $4
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1, 2
"#;

/// `$2`: roles of the service, the owner included; what one of them passed on is taken from all of them together.
const GIVEN: &str = r#"
SELECT c.relname AS "table", pg_get_userbyid(a.grantee)::text AS grantee, pg_get_userbyid(a.grantor)::text AS grantor,
  string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS rights
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
WHERE c.oid = ANY($1) AND a.grantor <> c.relowner AND pg_get_userbyid(a.grantee) = ANY($2) AND pg_get_userbyid(a.grantor) <> ALL($2)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"#;

/// `$1`: what names of event triggers begin with; none on the target. `$2`: the replication role, `$3`: what names of what is made
/// where a stream begins begin with, `$4`: where one ends; none where none does.
const TAKEN: &str = r#"
SELECT x.kind, x.name AS object, '' AS "with" FROM (
  SELECT 'role' AS kind, rolname::text AS name FROM pg_roles WHERE rolname = $2
  UNION ALL SELECT 'publication', pubname::text FROM pg_publication WHERE starts_with(pubname, $3)
  UNION ALL SELECT 'event trigger', evtname::text FROM pg_event_trigger WHERE starts_with(evtname, $1)
  UNION ALL SELECT 'slot', slot_name::text FROM pg_replication_slots WHERE starts_with(slot_name, $3)
  UNION ALL SELECT 'subscription', subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
    WHERE d.datname = current_database() AND starts_with(subname, $4)) x
ORDER BY 1, 2
"#;

/// What the journal says that the migration makes, in the same words.
const KNOWN: &str = r#"SELECT kind, name AS object, '' AS "with" FROM rerp_split.cleanup WHERE migration = $1"#;

/// The journal has one name for both triggers of the freeze.
fn is_known(known: &Tie, found: &Tie) -> bool {
    let Some(rest) = found.object.strip_prefix(known.object.as_str()) else { return false };
    known.kind == found.kind && (rest.is_empty() || found.kind == "event trigger")
}

impl Reader<'_> {
    pub(super) async fn neighbours(&self, oids: &Vec<u32>) -> Result<Neighbours, InspectError> {
        let quoted = crate::sql::ident(self.schema_name());
        let roles = &self.spec.side(self.side).roles;
        let service: Vec<&str> = roles.service().chain([roles.owner.as_str()]).collect();
        let prefix = names::prefix(&self.spec.migration);
        let some = self.only().is_some();
        Ok(Neighbours {
            publications: self.rows("publications", PUBLICATIONS, &[oids]).await?,
            subscriptions: self.rows("subscriptions", SUBSCRIPTIONS, &[oids, &prefix]).await?,
            owned: self.rows("owners of views and functions", OWNED, &[oids, &quoted, &some, &roles.owner]).await?,
            given: self.rows("who gave rights", GIVEN, &[oids, &service]).await?,
            taken: self.taken(&prefix).await?,
        })
    }

    async fn taken(&self, prefix: &str) -> Result<Vec<Tie>, InspectError> {
        let (id, source) = (&self.spec.migration, self.side == Side::Source);
        let start = if source { Direction::Forward } else { Direction::Back };
        // Both sides may be on one server, where what has to do with the stream that leads there is known to the source's journal.
        let back = self.spec.way_back.then(|| names::publication(id, Direction::Back));
        let (here, there) = if source { (Some(prefix.to_owned()), back) } else { (back, Some(prefix.to_owned())) };
        let role = here.is_some().then(|| names::replication_role(id, start));
        let mut taken: Vec<Tie> = self.rows("names", TAKEN, &[&here, &role, &here, &there]).await?;
        if !taken.is_empty() && self.has_journal("rerp_split.cleanup").await? {
            let known: Vec<Tie> = self.rows("the journal", KNOWN, &[&self.spec.migration]).await?;
            taken.retain(|tie| !known.iter().any(|known| is_known(known, tie)));
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_knows_an_object_by_kind_and_name() {
        let tie = |kind: &str, object: &str| Tie { kind: kind.into(), object: object.into(), with: String::new() };
        let known = |kind, name| is_known(&tie(kind, name), &tie("slot", "rerp_m_fwd_12"));
        assert!(known("slot", "rerp_m_fwd_12"));
        assert!(!known("slot", "rerp_m_fwd_1"), "another run's");
        assert!(!known("publication", "rerp_m_fwd"));
        let triggers = ["rerp_m_ddl", "rerp_m_ddl_end"].map(|name| tie("event trigger", name));
        assert!(triggers.iter().all(|trigger| is_known(&tie("event trigger", "rerp_m_ddl"), trigger)));
    }
}
