//! Reading the databases directly, past the platform: `psql` inside the server's own pod, as its superuser over its private socket.
//! In: a ServiceDatabase that runs a server, SQL that only reads. Out: text. Nothing here goes through a service or the operator.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;
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
        for table in self.tables()? {
            let full = format!("{}.\"{table}\"", self.schema);
            let line = self.psql(&format!("SELECT (SELECT count(*) FROM {full}), pg_total_relation_size('{full}')"))?;
            let (rows, bytes) = line.trim().split_once('|').ok_or_else(|| Error::Answer(line.clone()))?;
            size.rows += number(rows)?;
            size.bytes += number(bytes)?;
        }
        Ok(size)
    }

    /// One fingerprint per row of a table, so that two servers can be compared without either knowing of the other.
    pub(super) fn fingerprints(&self, table: &str) -> Result<Vec<String>, Error> {
        let sql = format!("SELECT md5(t::text) FROM {}.\"{table}\" t", self.schema);
        Ok(self.psql(&sql)?.lines().map(str::to_owned).collect())
    }

    /// Addresses that a run of the load generator sent.
    fn addresses(&self, run: &str) -> Result<Vec<Address>, Error> {
        let sql =
            format!("SELECT json_build_array(id, email) FROM {} WHERE position('{run}n' in email) > 0", self.table());
        rows(&self.psql(&sql)?)
    }

    /// Companies that a run of the load generator named.
    fn companies(&self, run: &str) -> Result<Vec<Company>, Error> {
        let schema = self.schema;
        let which = format!("position('{run}c' in name_key) > 0");
        rows(&self.psql(&format!("SELECT json_build_array(id, name_key) FROM {schema}.companies WHERE {which}"))?)
    }

    /// Addresses of the run whose transaction began after an instant.
    fn written_after(&self, run: &str, instant: &str) -> Result<u64, Error> {
        let which = format!("position('{run}n' in email) > 0 AND created_at > '{instant}'::timestamptz");
        number(self.psql(&format!("SELECT count(*) FROM {} WHERE {which}", self.table()))?.trim())
    }

    fn leads(&self, table: &str, since: &str) -> Result<Vec<Lead>, Error> {
        let which = format!("created_at >= '{since}'::timestamptz - interval '1 minute'");
        let columns = "json_build_array(id, email_address_id, company_id)";
        rows(&self.psql(&format!("SELECT {columns} FROM {}.{table} WHERE {which}", self.schema))?)
    }

    fn table(&self) -> String {
        format!("{}.email_addresses", self.schema)
    }
}

/// What a run left in the databases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traces<'a> {
    /// Name of the run.
    pub(super) run: &'a str,
    /// When it started (RFC 3339).
    pub(super) since: &'a str,
    /// Where identity is now.
    pub(super) now: Side<'a>,
    /// Where it was, and when it left.
    pub(super) before: Option<(Side<'a>, &'a str)>,
    /// Where account is.
    pub(super) account: Side<'a>,
    /// Where marketing is.
    pub(super) marketing: Side<'a>,
}

impl Traces<'_> {
    /// Reads everything the run wrote, from each server by itself.
    pub(super) fn read(&self) -> Result<Rows, Error> {
        let (left_behind, written_too_late) = match self.before {
            Some((side, at)) => (side.addresses(self.run)?, side.written_after(self.run, at)?),
            None => (Vec::new(), 0),
        };
        Ok(Rows {
            addresses: self.now.addresses(self.run)?,
            left_behind,
            written_too_late,
            companies: self.account.companies(self.run)?,
            captures: self.marketing.leads("email_captures", self.since)?,
            messages: self.marketing.leads("contact_messages", self.since)?,
        })
    }
}

/// Rows that one server has and the other lacks, over all tables of the schema: what the old side holds, the new one must hold unchanged.
pub(super) fn missing(old: Side<'_>, new: Side<'_>) -> Result<u64, Error> {
    let mut missing = 0;
    for table in old.tables()? {
        missing += lacking(old.fingerprints(&table)?, &new.fingerprints(&table)?);
    }
    Ok(missing)
}

/// How many of `old` are not in `new`, counting repeated ones as often as they occur.
fn lacking(mut old: Vec<String>, new: &[String]) -> u64 {
    let mut new: Vec<&str> = new.iter().map(String::as_str).collect();
    old.sort_unstable();
    new.sort_unstable();
    let mut rest = new.into_iter().peekable();
    let mut lacking = 0;
    for item in &old {
        while rest.next_if(|candidate| *candidate < item.as_str()).is_some() {}
        if rest.next_if(|candidate| *candidate == item.as_str()).is_none() {
            lacking += 1;
        }
    }
    lacking
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

    fn strings(items: &[&str]) -> Vec<String> {
        items.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn rows_that_the_new_side_lacks_are_counted() {
        assert_eq!(lacking(strings(&["c", "a", "b"]), &strings(&["x", "b", "a", "c"])), 0);
        assert_eq!(lacking(strings(&["a", "a", "b"]), &strings(&["a", "c"])), 2);
        assert_eq!(lacking(strings(&["z"]), &[]), 1);
        assert_eq!(lacking(Vec::new(), &strings(&["a"])), 0);
    }

    #[test]
    fn quotes_and_backslashes_survive() {
        let rows: Vec<Address> = super::rows("[\"1\", \"\\\"a\\\\\\\"b\\\"@x\"]\n").unwrap();
        assert_eq!(rows, [("1".to_owned(), "\"a\\\"b\"@x".to_owned())]);
        assert!(super::rows::<Address>("[1]").is_err());
        let lead: Vec<Lead> = super::rows("[\"1\", \"2\", null]").unwrap();
        assert_eq!((lead[0].address.as_str(), &lead[0].company), ("2", &None));
    }
}
