//! Reading the databases directly, past the platform: `psql` inside the server's own pod, as its superuser over its private socket.
//! In: a ServiceDatabase that runs a server, SQL that only reads. Out: text. Nothing here goes through a service or the operator.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;
use super::journeys::Held;
use super::kube::{Kube, parse};
use super::ledger::{Address, Company, Lead, Rows};

/// A server of the platform and the schema that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) kube: Kube<'a>,
    /// ServiceDatabase that runs the server; its database has the same name.
    pub(super) database: &'a str,
    /// A domain's schema there.
    pub(super) schema: &'a str,
}

const QUERY: Duration = Duration::from_secs(180);

/// Sizes of a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Size {
    /// Counted, not estimated.
    pub(super) rows: u64,
    /// Heap, indexes and TOAST.
    pub(super) bytes: u64,
}

impl Side<'_> {
    /// What a query prints: one line per row, unaligned, nothing escaped.
    pub(super) fn psql(&self, sql: &str) -> Result<String, Error> {
        let pod = format!("{}-postgres-0", self.database);
        let psql = ["exec", &pod, "-c", "postgres", "--", "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"];
        let more = ["-h", "/var/run/postgresql", "-U", "postgres", "-d", self.database, "-c", sql];
        self.kube.run(&[&psql[..], &more[..]].concat(), QUERY)
    }

    /// Version of the server.
    pub(super) fn version(&self) -> Result<String, Error> {
        Ok(self.psql("SHOW server_version")?.trim().to_owned())
    }

    /// Names of the schema's tables.
    pub(super) fn tables(&self) -> Result<Vec<String>, Error> {
        let sql = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{}' ORDER BY 1", self.schema);
        Ok(self.psql(&sql)?.lines().map(str::to_owned).collect())
    }

    /// Counts every row and weighs every table of the schema.
    pub(super) fn size(&self) -> Result<Size, Error> {
        let mut size = Size::default();
        let weigh =
            |_: &str, full: &str| format!("SELECT (SELECT count(*) FROM {full}), pg_total_relation_size('{full}')");
        for line in self.of_each(&self.tables()?, weigh)?.lines() {
            let (rows, bytes) = line.split_once('|').ok_or_else(|| Error::Answer(line.to_owned()))?;
            size.rows += number(rows)?;
            size.bytes += number(bytes)?;
        }
        Ok(size)
    }

    /// What a query for each of the tables prints, in one go: the way into a pod takes longer than most queries. `select` gets the table's name
    /// and the same with its schema, quoted.
    pub(super) fn of_each(&self, tables: &[String], select: impl Fn(&str, &str) -> String) -> Result<String, Error> {
        let each = tables.iter().map(|table| select(table, &format!("{}.\"{table}\"", self.schema)));
        let all = each.collect::<Vec<_>>().join(" UNION ALL ");
        if all.is_empty() { Ok(all) } else { self.psql(&all) }
    }

    /// Addresses that a run of the load generator sent.
    fn addresses(&self, run: &str) -> Result<Vec<Address>, Error> {
        let from = format!("FROM {}.email_addresses WHERE position('{run}n' in email) > 0", self.schema);
        let sql = format!("SELECT json_build_array(id, email) {from}");
        rows(&self.psql(&sql)?)
    }

    /// Companies that a run of the load generator named.
    fn companies(&self, run: &str) -> Result<Vec<Company>, Error> {
        let schema = self.schema;
        let which = format!("position('{run}c' in name_key) > 0");
        rows(&self.psql(&format!("SELECT json_build_array(id, name_key) FROM {schema}.companies WHERE {which}"))?)
    }

    /// Rows of the run that a transaction wrote which began after an instant; the run's mark is in one column of each table.
    fn written_after(&self, marks: &[Mark], run: &str, instant: &str) -> Result<u64, Error> {
        let mut written = 0;
        for Mark { table, of_run } in marks {
            let of_run = of_run.map(|(column, sign)| format!("position('{run}{sign}' in {column}) > 0 AND "));
            let of_run = of_run.unwrap_or_default();
            let which = format!("{of_run}created_at > '{instant}'::timestamptz");
            written += number(&self.psql(&format!("SELECT count(*) FROM {}.{table} WHERE {which}", self.schema))?)?;
        }
        Ok(written)
    }

    /// Rows of journeys since the run began: `columns` are account, state and number of answers.
    fn held(&self, mark: Mark, columns: &str, since: &str) -> Result<Vec<Held>, Error> {
        let (schema, table) = (self.schema, mark.table);
        let which = format!("created_at >= '{since}'::timestamptz - interval '1 minute'");
        let line = format!("json_build_array(id, human_name_id, {columns})");
        rows(&self.psql(&format!("SELECT {line} FROM {schema}.{table} AS t WHERE {which}"))?)
    }

    fn leads(&self, table: &str, since: &str) -> Result<Vec<Lead>, Error> {
        let which = format!("created_at >= '{since}'::timestamptz - interval '1 minute'");
        // A lead whose address waits for identity names none: never what was acknowledged.
        let columns = "json_build_array(id, coalesce(email_address_id::text, ''), company_id)";
        rows(&self.psql(&format!("SELECT {columns} FROM {}.{table} WHERE {which}", self.schema))?)
    }
}

/// A table that the run writes to.
#[derive(Debug, Clone, Copy)]
struct Mark {
    table: &'static str,
    /// The column that holds the run's name, and the letter after it; none where nobody but the run writes while it lasts.
    of_run: Option<(&'static str, char)>,
}

const ADDRESSES: Mark = Mark { table: "email_addresses", of_run: Some(("email", 'n')) };
const COMPANIES: Mark = Mark { table: "companies", of_run: Some(("name_key", 'c')) };
const CAPTURES: Mark = Mark { table: "email_captures", of_run: None };
const MESSAGES: Mark = Mark { table: "contact_messages", of_run: None };
const ACCOUNTS: Mark = Mark { table: "accounts", of_run: None };
const SUBSCRIPTIONS: Mark = Mark { table: "stripe_subscriptions", of_run: None };
const SESSIONS: Mark = Mark { table: "test_sessions", of_run: None };

/// Where a domain's tables are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Now.
    pub(super) now: Side<'a>,
    /// Where they were, and when they left (RFC 3339).
    pub(super) before: Option<(Side<'a>, &'a str)>,
}

impl Place<'_> {
    fn written_too_late(&self, marks: &[Mark], run: &str) -> Result<u64, Error> {
        self.before.map_or(Ok(0), |(side, at)| side.written_after(marks, run, at))
    }
}

/// What a run left in the databases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traces<'a> {
    /// Name of the run.
    pub(super) run: &'a str,
    /// When it started (RFC 3339).
    pub(super) since: &'a str,
    pub(super) identity: Place<'a>,
    pub(super) account: Place<'a>,
    pub(super) marketing: Place<'a>,
    pub(super) billing: Place<'a>,
    pub(super) fte: Place<'a>,
}

impl Traces<'_> {
    /// Reads everything the run wrote, from each server by itself.
    pub(super) fn read(&self) -> Result<Rows, Error> {
        let left_behind = self.identity.before.map(|(side, _)| side.addresses(self.run)).transpose()?;
        let written_too_late = self.identity.written_too_late(&[ADDRESSES], self.run)?
            + self.account.written_too_late(&[COMPANIES, ACCOUNTS], self.run)?
            + self.marketing.written_too_late(&[CAPTURES, MESSAGES], self.run)?
            + self.billing.written_too_late(&[SUBSCRIPTIONS], self.run)?
            + self.fte.written_too_late(&[SESSIONS], self.run)?;
        let (account, marketing) = (self.account.now, self.marketing.now);
        let answers =
            format!("(SELECT count(*) FROM {}.test_answers WHERE test_session_id = t.id)", self.fte.now.schema);
        Ok(Rows {
            addresses: self.identity.now.addresses(self.run)?,
            left_behind: left_behind.unwrap_or_default(),
            written_too_late,
            companies: account.companies(self.run)?,
            captures: marketing.leads(CAPTURES.table, self.since)?,
            messages: marketing.leads(MESSAGES.table, self.since)?,
            accounts: account.held(ACCOUNTS, "NULL, NULL, 0", self.since)?,
            subscriptions: self.billing.now.held(SUBSCRIPTIONS, "account_id, status, 0", self.since)?,
            sessions: self.fte.now.held(SESSIONS, &format!("account_id, status, {answers}"), self.since)?,
        })
    }
}

/// One JSON array per line, its elements in the order of `T`'s fields.
fn rows<T: DeserializeOwned>(lines: &str) -> Result<Vec<T>, Error> {
    lines.lines().map(|line| parse("a row", line)).collect()
}

fn number(text: &str) -> Result<u64, Error> {
    text.trim().parse().map_err(|_| Error::Answer(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_survive() {
        let rows: Vec<Address> = super::rows("[\"1\", \"\\\"a\\\\\\\"b\\\"@x\"]\n").unwrap();
        assert_eq!(rows, [("1".to_owned(), "\"a\\\"b\"@x".to_owned())]);
        assert!(super::rows::<Address>("[1]").is_err());
        let lead: Vec<Lead> = super::rows("[\"1\", \"2\", null]").unwrap();
        assert_eq!((lead[0].address.as_str(), &lead[0].company), ("2", &None));
        let held: Vec<Held> = super::rows("[\"1\", \"2\", null, \"trialing\", 0]").unwrap();
        assert_eq!((held[0].person.as_str(), held[0].status.as_deref()), ("2", Some("trialing")));
    }
}
