//! Tries whose rows are whose: every table of a service's list, every verb, as everybody. In: the list, a row of each table, a home. Out: each attempt that
//! ended otherwise than the list says. The rows are there for one attempt only; foreign keys are off meanwhile, so that only policies decide.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, reason = "each test binary includes this as a private module")]

use std::collections::BTreeMap;
use std::fmt;

use rerp_kit::tenants::{Table, Whose};
use sqlx::postgres::{PgConnection, PgDatabaseError};
use sqlx::{AssertSqlSafe, Executor as _, raw_sql};
use uuid::Uuid;

use crate::support::Home;

/// A row of a table, as text in which `~0` to `~9` are identifiers of the tenant whose it is, quoted, and `~n` is its number, which is 1 or 2. `~1` is
/// the person.
pub struct Sample {
    pub table: &'static str,
    /// The INSERT.
    pub insert: &'static str,
    /// A column that says whose it is, and what it says.
    pub owner: (&'static str, &'static str),
    /// Tables in which policies look for whose it is.
    pub needs: &'static [&'static str],
}

/// What a service has to be tried.
pub struct Trial<'a> {
    pub home: &'a Home,
    pub tables: &'static [Table],
    pub samples: &'static [Sample],
    /// Notes which accounts a person reaches; empty where rows are persons'.
    pub reaching: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The first tenant.
    Person,
    Nobody,
    Staff,
    Work,
    /// The role that owns the tables, and says nothing.
    Owner,
}

const EVERYBODY: [By; 5] = [By::Person, By::Nobody, By::Staff, By::Work, By::Owner];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Select,
    Update,
    Delete,
    /// A row of the first tenant.
    InsertOwn,
    /// A row of the second one.
    InsertOther,
    /// Makes all rows the second tenant's.
    Give,
}

const VERBS: [Verb; 6] = [Verb::Select, Verb::Update, Verb::Delete, Verb::InsertOwn, Verb::InsertOther, Verb::Give];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Rows(u64),
    /// By row level security.
    Refused,
    Failed(String),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(number) => write!(f, "{number} rows"),
            Self::Refused => f.write_str("refused"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// What the list says; none where an attempt would tell nothing.
fn expected(whose: Whose, by: By, verb: Verb) -> Option<Found> {
    let inserts = matches!(verb, Verb::InsertOwn | Verb::InsertOther);
    match by {
        By::Staff | By::Work if verb == Verb::Give => None,
        By::Staff | By::Work => Some(Found::Rows(if inserts { 1 } else { 2 })),
        By::Person if matches!(whose, Whose::Person | Whose::Account) => Some(match verb {
            Verb::InsertOther | Verb::Give => Found::Refused,
            _ => Found::Rows(1),
        }),
        By::Person | By::Nobody | By::Owner => Some(if inserts { Found::Refused } else { Found::Rows(0) }),
    }
}

/// An identifier of a tenant.
pub fn id(tenant: u32, number: u32) -> Uuid {
    Uuid::from_u128(0x0191_f7a1_3f0c_7000_8000_0000_0000_0000 + u128::from(tenant * 0x100 + number))
}

fn of_tenant(text: &str, tenant: u32) -> String {
    let numbered = (0..10).fold(text.to_owned(), |text, number| {
        text.replace(&format!("~{number}"), &format!("'{}'", id(tenant, number)))
    });
    numbered.replace("~n", &tenant.to_string())
}

impl Trial<'_> {
    fn sample(&self, table: &str) -> &Sample {
        let found = self.samples.iter().find(|sample| sample.table == table);
        found.unwrap_or_else(|| panic!("{table} has policies and no sample row"))
    }

    /// The tables that the matrix tries.
    pub fn tried(&self) -> impl Iterator<Item = &'static Table> {
        self.tables.iter().filter(|table| !matches!(table.whose, Whose::Nobody(_) | Whose::Record))
    }

    /// What must have been done before an attempt.
    fn world(&self, sample: &Sample, by: By, verb: Verb, tamper: &str) -> String {
        let mut lines = vec![
            "SET LOCAL search_path = svc; SET LOCAL session_replication_role = replica".to_owned(),
            tamper.to_owned(),
        ];
        let whole = !matches!(verb, Verb::InsertOwn | Verb::InsertOther);
        let rows = sample.needs.iter().map(|name| self.sample(name)).chain(whole.then_some(sample));
        for row in rows {
            lines.extend([1, 2].map(|tenant| of_tenant(row.insert, tenant)));
        }
        lines.push(format!("SET LOCAL ROLE {}", if by == By::Owner { "svc_owner" } else { "svc_app" }));
        match by {
            By::Person => lines.push(format!("SET LOCAL rerp.subject = '{}'; {}", id(1, 1), self.reaching)),
            By::Staff => lines.push(format!("SET LOCAL rerp.staff = '{}'", id(9, 9))),
            By::Work => lines.push("SET LOCAL rerp.work = 'on'".to_owned()),
            By::Nobody | By::Owner => {}
        }
        lines.join(";\n")
    }

    fn statement(sample: &Sample, verb: Verb) -> String {
        let (table, (column, value)) = (sample.table, sample.owner);
        match verb {
            Verb::Select => format!("SELECT * FROM {table}"),
            Verb::Update => format!("UPDATE {table} SET {column} = {column}"),
            Verb::Delete => format!("DELETE FROM {table}"),
            Verb::InsertOwn => of_tenant(sample.insert, 1),
            Verb::InsertOther => of_tenant(sample.insert, 2),
            Verb::Give => format!("UPDATE {table} SET {column} = {}", of_tenant(value, 2)),
        }
    }

    /// Every attempt at these tables after `tamper`; what ended otherwise than it should.
    async fn attempts(&self, tables: impl Iterator<Item = &'static Table>, tamper: &str) -> Vec<String> {
        let (mut wrong, mut connection) = (Vec::new(), self.home.server.admin("data").await);
        for table in tables {
            let sample = self.sample(table.name);
            for (by, verb) in EVERYBODY.into_iter().flat_map(|by| VERBS.map(|verb| (by, verb))) {
                let Some(expected) = expected(table.whose, by, verb) else { continue };
                run(&mut connection, "BEGIN").await;
                run(&mut connection, &self.world(sample, by, verb, tamper)).await;
                let found = attempt(&mut connection, Self::statement(sample, verb)).await;
                run(&mut connection, "ROLLBACK").await;
                if found != expected {
                    wrong.push(format!("{}: {verb:?} by {by:?}: {found} instead of {expected}", table.name));
                }
            }
        }
        wrong
    }

    /// Nothing that isn't theirs, for nobody; and theirs, for everybody.
    pub async fn nobody_reaches_what_is_anothers(&self) {
        let wrong = self.attempts(self.tried(), "").await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Each policy is missed when it is gone, and so is row level security itself, for those who don't own a table and for those who do.
    pub async fn every_policy_is_missed(&self) {
        for table in self.tried() {
            let name = table.name;
            let dropped = table.whose.policies().iter().map(|policy| format!("DROP POLICY {policy} ON {name}"));
            let off = ["DISABLE", "NO FORCE"].map(|off| format!("ALTER TABLE {name} {off} ROW LEVEL SECURITY"));
            for tamper in dropped.chain(off) {
                let wrong = self.attempts(std::iter::once(table), &tamper).await;
                assert!(!wrong.is_empty(), "nobody notices: {tamper}");
                println!("{tamper}: noticed by {} attempts", wrong.len());
            }
        }
    }

    /// The schema holds the tables of the list and no other, each with the policies of its kind and no other.
    pub async fn every_table_is_listed(&self) {
        let mut connection = self.home.server.admin("data").await;
        let secured = "SELECT c.relname::text, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner)::text, \
             ARRAY(SELECT p.polname::text FROM pg_policy AS p WHERE p.polrelid = c.oid ORDER BY 1) \
             FROM pg_class AS c WHERE c.relnamespace = 'svc'::regnamespace AND c.relkind IN ('r', 'p')";
        let rows: Vec<(String, bool, bool, String, Vec<String>)> =
            sqlx::query_as(secured).fetch_all(&mut connection).await.unwrap();
        let found: BTreeMap<String, (bool, bool, Vec<String>)> = rows
            .into_iter()
            .map(|(name, on, forced, owner, policies)| {
                assert_eq!(owner, "svc_owner", "{name}: the role of the service must not own it");
                (name, (on, forced, policies))
            })
            .collect();
        let listed: BTreeMap<String, (bool, bool, Vec<String>)> = self
            .tables
            .iter()
            .map(|table| {
                let policies: Vec<String> = table.whose.policies().iter().map(ToString::to_string).collect();
                (table.name.to_owned(), (!policies.is_empty(), !policies.is_empty(), policies))
            })
            .collect();
        assert_eq!(found, listed);
        let open = "SELECT count(*) FROM pg_policy WHERE polroles <> '{0}' OR NOT polpermissive \
             OR (polcmd = '*' AND (polqual IS NULL OR polwithcheck IS NULL))";
        assert_eq!(
            self.home.number(open).await,
            0,
            "policies are for everybody, and for what is read as for what is written"
        );
    }

    /// What comes of a statement of the first tenant's, beside these rows: how many rows, or that it is refused.
    pub async fn in_the_name_of_a_person(&self, rows: &str, statement: &str) -> String {
        let mut connection = self.home.server.admin("data").await;
        run(&mut connection, "BEGIN; SET LOCAL search_path = svc; SET LOCAL session_replication_role = replica").await;
        run(&mut connection, &of_tenant(rows, 1)).await;
        let marks = format!("SET LOCAL ROLE svc_app; SET LOCAL rerp.subject = '{}'; {}", id(1, 1), self.reaching);
        run(&mut connection, &marks).await;
        let found = attempt(&mut connection, of_tenant(statement, 1)).await;
        run(&mut connection, "ROLLBACK").await;
        found.to_string()
    }

    /// What staff did is added to by themselves, read by the service's work, and changed by nobody.
    pub async fn the_record_stays(&self) {
        let mut connection = self.home.server.admin("data").await;
        let (staff, other) = (id(9, 9), id(9, 8));
        let insert = |whose: Uuid| format!("INSERT INTO svc.staff_access (staff_id, about) VALUES ('{whose}', '{{}}')");
        let as_staff = format!("SET LOCAL rerp.staff = '{staff}'");
        let (as_staff, at_work) = (as_staff.as_str(), "SET LOCAL rerp.work = 'on'");
        for (marks, statement, expected) in [
            (as_staff, insert(staff), Found::Rows(1)),
            (as_staff, insert(other), Found::Refused),
            (at_work, insert(staff), Found::Refused),
            (at_work, "SELECT * FROM svc.staff_access".to_owned(), Found::Rows(1)),
            (as_staff, "SELECT * FROM svc.staff_access".to_owned(), Found::Rows(0)),
            (at_work, "UPDATE svc.staff_access SET at = at".to_owned(), Found::Rows(0)),
            (at_work, "DELETE FROM svc.staff_access".to_owned(), Found::Rows(0)),
        ] {
            run(&mut connection, "BEGIN").await;
            run(&mut connection, &format!("{}; SET LOCAL ROLE svc_app; {marks}", insert(staff))).await;
            assert_eq!(attempt(&mut connection, statement.clone()).await, expected, "{marks}: {statement}");
            run(&mut connection, "ROLLBACK").await;
        }
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    if let Err(error) = connection.execute(raw_sql(AssertSqlSafe(sql.to_owned()))).await {
        panic!("{error}: {sql}");
    }
}

async fn attempt(connection: &mut PgConnection, statement: String) -> Found {
    match connection.execute(raw_sql(AssertSqlSafe(statement))).await {
        Ok(done) => Found::Rows(done.rows_affected()),
        Err(sqlx::Error::Database(error)) => {
            let routine = error.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::routine);
            let refused = error.code().as_deref() == Some("42501") && routine == Some("ExecWithCheckOptions");
            if refused { Found::Refused } else { Found::Failed(error.to_string()) }
        }
        Err(error) => Found::Failed(error.to_string()),
    }
}
