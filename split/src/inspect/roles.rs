//! The roles of the service on one side, and who else has rights on what moves.

use super::{InspectError, Reader};
use serde::Deserialize;

/// A role that the spec names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RoleFacts {
    /// Its name.
    pub name: String,
    /// Whether there is such a role.
    pub exists: bool,
    /// Whether it can log in.
    pub login: bool,
    /// Whether it may use the schema; so it may where there is none yet.
    pub enters: bool,
    /// Rights that no REVOKE takes away.
    pub powers: Vec<Power>,
}

/// A right that reaches through privileges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Power {
    /// The role itself or a member of it.
    pub member: String,
    /// `superuser`, or the role that grants the right: the owner, `pg_read_all_data`, `pg_write_all_data`.
    pub power: String,
}

/// Rights on a moving table of somebody outside of the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Grant {
    /// Table name without schema.
    pub table: String,
    /// Who; `PUBLIC` for everybody.
    pub grantee: String,
    /// Which, comma-separated.
    pub rights: String,
    /// The grantee is a member of a role of the service.
    pub of_service: bool,
}

const ROLES: &str = r#"
WITH RECURSIVE wanted AS (SELECT unnest($1::text[]) AS name),
down(service, oid) AS (SELECT r.rolname, r.oid FROM pg_roles r JOIN wanted w ON w.name = r.rolname
  UNION SELECT d.service, m.member FROM down d JOIN pg_auth_members m ON m.roleid = d.oid),
up(service, member, oid) AS (SELECT service, oid, oid FROM down
  UNION SELECT u.service, u.member, m.roleid FROM up u JOIN pg_auth_members m ON m.member = u.oid),
power AS (SELECT DISTINCT u.service, m.rolname AS member, CASE WHEN r.rolsuper THEN 'superuser' ELSE r.rolname END AS power
  FROM up u JOIN pg_roles r ON r.oid = u.oid JOIN pg_roles m ON m.oid = u.member
  WHERE r.rolsuper OR r.rolname IN ('pg_read_all_data', 'pg_write_all_data') OR r.rolname = $2)
SELECT w.name, r.oid IS NOT NULL AS exists, coalesce(r.rolcanlogin, false) AS login,
  coalesce((SELECT has_schema_privilege(r.oid, n.oid, 'USAGE') FROM pg_namespace n WHERE n.nspname = $3), true) AS enters,
  coalesce((SELECT jsonb_agg(jsonb_build_object('member', p.member, 'power', p.power) ORDER BY p.member, p.power)
            FROM power p WHERE p.service = w.name), '[]') AS powers
FROM wanted w LEFT JOIN pg_roles r ON r.rolname = w.name ORDER BY w.name
"#;

const GRANTS: &str = r#"
WITH RECURSIVE service(oid) AS (SELECT r.oid FROM pg_roles r WHERE r.rolname = ANY($2)
  UNION SELECT m.member FROM service s JOIN pg_auth_members m ON m.roleid = s.oid)
SELECT c.relname AS "table", CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS grantee,
  string_agg(DISTINCT a.privilege_type, ', ') AS rights, a.grantee IN (SELECT oid FROM service) AS of_service
FROM pg_class c CROSS JOIN LATERAL (
  SELECT (aclexplode(c.relacl)).* UNION ALL
  SELECT (aclexplode(t.attacl)).* FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL) a
WHERE c.oid = ANY($1) AND a.grantee <> c.relowner
  AND (a.grantee = 0 OR pg_get_userbyid(a.grantee) <> ALL($2)) AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.grantee AND r.rolsuper)
GROUP BY 1, 2, 4 ORDER BY 1, 2
"#;

impl Reader<'_> {
    pub(super) async fn roles(&self) -> Result<Vec<RoleFacts>, InspectError> {
        let roles = &self.spec.side(self.side).roles;
        let names: Vec<&str> = roles.service().chain([roles.owner.as_str()]).collect();
        self.rows("roles", ROLES, &[&names, &roles.owner, &self.schema_name()]).await
    }

    pub(super) async fn grants(&self, oids: &Vec<u32>) -> Result<Vec<Grant>, InspectError> {
        let roles = &self.spec.side(self.side).roles;
        let names: Vec<&str> = roles.service().collect();
        self.rows("rights", GRANTS, &[oids, &names]).await
    }

    pub(super) async fn schema_owner(&self) -> Result<Option<String>, InspectError> {
        let sql = "SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = $1";
        let row = self.transaction.query_opt(sql, &[&self.schema_name()]).await;
        let row = row.map_err(|e| self.failed("schema owner", e))?;
        row.map(|row| row.try_get(0)).transpose().map_err(|e| self.failed("schema owner", e))
    }
}
