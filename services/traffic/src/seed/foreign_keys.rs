//! Foreign keys from one domain's tables to another's, as the tables of a monolith have them. In: a connection for each
//! domain, as the role that owns its tables. Out: constraints that hold for every row.
//!
//! The owner of the parent lets the owner of the child refer to it; the child adds the constraint without a look at its rows,
//! which takes its locks for a moment only, and then checks the rows while others write. What was lent is taken back: a
//! constraint needs no right once it is there. Killed anywhere in between, the next run goes on.

use super::run::{SeedError, doing};
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// How often a lock is asked for; every time for at most [`LOCK_TIMEOUT`].
const ATTEMPTS: u32 = 20;
/// Short: whoever waits for a lock on a table makes others wait behind it.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '500ms'";
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection for each domain.
pub struct Domains {
    /// Identity's.
    pub identity: Client,
    /// Account's.
    pub account: Client,
    /// Marketing's.
    pub marketing: Client,
}

/// One of the domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Domain {
    Identity,
    Account,
    Marketing,
}

use Domain::{Account, Identity, Marketing};

/// A reference: child, its table and column, and the parent's table, whose `id` it means.
struct Reference(Domain, &'static str, &'static str, Domain, &'static str);

/// Every reference between tables of different domains that the services' schemas hold as a plain column.
const REFERENCES: [Reference; 8] = [
    Reference(Marketing, "email_captures", "email_address_id", Identity, "email_addresses"),
    Reference(Marketing, "contact_messages", "email_address_id", Identity, "email_addresses"),
    Reference(Marketing, "email_captures", "company_id", Account, "companies"),
    Reference(Marketing, "contact_messages", "company_id", Account, "companies"),
    Reference(Account, "accounts", "human_name_id", Identity, "human_names"),
    Reference(Account, "account_roles", "human_name_id", Identity, "human_names"),
    Reference(Account, "addresses", "person_id", Identity, "human_names"),
    Reference(Identity, "admins", "account_id", Account, "accounts"),
];

impl Domains {
    fn of(&self, domain: Domain) -> &Client {
        match domain {
            Identity => &self.identity,
            Account => &self.account,
            Marketing => &self.marketing,
        }
    }
}

/// Adds every constraint that isn't there and checks every one that isn't proven.
///
/// # Errors
/// A statement fails, a lock can't be had, or a row refers to nothing.
pub async fn add(domains: &Domains) -> Result<(), SeedError> {
    for reference in &REFERENCES {
        reference.add(domains).await?;
    }
    println!("foreign keys between the domains: {} are there and hold for every row", REFERENCES.len());
    Ok(())
}

/// What the catalog says of a reference; names are quoted.
struct Found {
    child: String,
    child_owner: String,
    parent_schema: String,
    parent: String,
    /// Whether the constraint is there, and whether all rows were checked.
    validated: Option<bool>,
}

impl Reference {
    /// Named as PostgreSQL would name it.
    fn name(&self) -> String {
        format!("{}_{}_fkey", self.1, self.2)
    }

    async fn add(&self, domains: &Domains) -> Result<(), SeedError> {
        let (child, parent) = (domains.of(self.0), domains.of(self.3));
        let found = self.look(child, parent).await?;
        let name = self.name();
        if found.validated.is_none() {
            run(parent, &found.lending("GRANT", "TO")).await?;
            let add = format!(
                "ALTER TABLE {} ADD CONSTRAINT {name} FOREIGN KEY ({}) REFERENCES {} (id) NOT VALID",
                found.child, self.2, found.parent
            );
            patiently(child, &add).await?;
        }
        run(parent, &found.lending("REVOKE", "FROM")).await?;
        if found.validated != Some(true) {
            patiently(child, &format!("ALTER TABLE {} VALIDATE CONSTRAINT {name}", found.child)).await?;
        }
        Ok(())
    }

    async fn look(&self, child: &Client, parent: &Client) -> Result<Found, SeedError> {
        let reading = || doing(format!("reading what refers to {} from {}", self.4, self.1));
        let table = "SELECT quote_ident(n.nspname), quote_ident(n.nspname) || '.' || quote_ident(c.relname),
                quote_ident(pg_get_userbyid(c.relowner)),
                (SELECT o.convalidated FROM pg_constraint o WHERE o.conrelid = c.oid AND o.conname = $2)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)";
        let of = async |client: &Client, name: &str| {
            let row = client.query_opt(table, &[&name, &self.name()]).await.map_err(reading())?;
            row.ok_or_else(|| SeedError::ForeignKey(format!("there is no table {name}: have its migrations run?")))
        };
        let (child, parent) = (of(child, self.1).await?, of(parent, self.4).await?);
        Ok(Found {
            child: child.get(1),
            child_owner: child.get(2),
            validated: child.get(3),
            parent_schema: parent.get(0),
            parent: parent.get(1),
        })
    }
}

impl Found {
    /// Lends the child's owner what it needs to refer to the parent, or takes it back.
    fn lending(&self, grant: &str, to: &str) -> String {
        let Self { child_owner, parent_schema, parent, .. } = self;
        format!(
            "{grant} USAGE ON SCHEMA {parent_schema} {to} {child_owner}; {grant} REFERENCES (id) ON {parent} {to} {child_owner}"
        )
    }
}

async fn run(client: &Client, sql: &str) -> Result<(), SeedError> {
    client.batch_execute(sql).await.map_err(doing(sql))
}

/// Runs a statement that needs a lock on tables in use, without making others wait for long.
async fn patiently(client: &Client, sql: &str) -> Result<(), SeedError> {
    run(client, LOCK_TIMEOUT).await?;
    let mut attempt = 1;
    loop {
        match client.batch_execute(sql).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) && attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
                let which = error.as_db_error().map(|error| error.message().to_owned()).unwrap_or_default();
                return Err(SeedError::ForeignKey(format!("a row refers to nothing: {which}")));
            }
            other => return other.map_err(doing(sql)),
        }
    }
}
