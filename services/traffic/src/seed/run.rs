//! Writes the rows. In: arguments. Out: rows in two schemas and progress lines on stdout.
//!
//! One transaction per schema: either all of its rows are there or none, so a second run need only look for the first and the
//! last one, and a run that was killed leaves nothing to clean up.
//!
//! Policies bind the role that owns the tables too, and COPY can't go by them: the transaction lifts that for its own role and restores it, with the tables
//! locked, so nobody else ever sees it lifted. What is read is read as the services' own work.

use super::account::ACCOUNT;
use super::args::SeedArgs;
use super::foreign_keys::{self, Domains};
use super::plan::Counts;
use super::rows::Rows;
use super::table::{Cell, IDENTITY, MARKETING, Table};
use rerp_pgtls::Address;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

/// Rows between two progress lines.
const PROGRESS: u64 = 50_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Two seeds at once wait for each other here; the number has no meaning beyond being the same for all of them.
const LOCK: i64 = 0x5245_5250_5345_4544;

/// Why the rows are not there.
#[derive(Debug, Error)]
pub enum SeedError {
    /// The file with a URI.
    #[error("reading {path}")]
    Uri {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The URI, or the roots that it names.
    #[error("using the URI in {path}")]
    Address {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: rerp_pgtls::Error,
    },
    /// The server.
    #[error("connecting to the database named in {path}{}", rerp_pgtls::suffix(source))]
    Connect {
        /// Which file.
        path: PathBuf,
        /// What the driver said.
        source: tokio_postgres::Error,
    },
    /// A statement.
    #[error("{doing}")]
    Statement {
        /// What was attempted.
        doing: String,
        /// What the server said.
        source: tokio_postgres::Error,
    },
    /// Rows refer to rows that aren't there, or a table is missing.
    #[error("{0}")]
    ForeignKey(String),
    /// Something else was seeded before.
    #[error("{table} holds rows of seed {seed}, but not {rows} of them: empty the schema or ask for the same number")]
    OtherSize {
        /// Which table.
        table: &'static str,
        /// Its seed.
        seed: u64,
        /// The number asked for.
        rows: u64,
    },
}

pub(super) fn doing(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> SeedError {
    let doing = what.into();
    move |source| SeedError::Statement { doing, source }
}

/// Fills the three schemas; says so and does nothing where the same rows are already there. Then ties them together by
/// foreign keys, if that is wanted.
///
/// # Errors
/// A file, a connection or a statement fails, or a data set of another size is there.
pub async fn fill(args: &SeedArgs) -> Result<(), SeedError> {
    let rows = Rows { seed: args.seed, counts: Counts::of(args.rows) };
    let identity = schema(&args.identity_uri_file, &rows, IDENTITY).await?;
    let account = schema(&args.account_uri_file, &rows, ACCOUNT).await?;
    let marketing = schema(&args.marketing_uri_file, &rows, MARKETING).await?;
    if args.foreign_keys {
        foreign_keys::add(&Domains { identity, account, marketing }).await?;
    }
    Ok(())
}

async fn schema(uri: &Path, rows: &Rows, tables: &[Table]) -> Result<Client, SeedError> {
    let started = Instant::now();
    let mut client = connect(uri).await?;
    if write(&mut client, rows, tables).await? {
        // Freshly copied tables would otherwise be vacuumed and analysed while somebody measures something else.
        for table in tables {
            let vacuum = format!("VACUUM (ANALYZE) {}", table.name);
            client.batch_execute(&vacuum).await.map_err(doing(vacuum.clone()))?;
        }
    } else {
        println!("{}: seed {} is already there, nothing to do", names(tables), rows.seed);
    }
    measure(&client, tables, started).await?;
    Ok(client)
}

/// Writes all rows in one transaction; false when they were there.
async fn write(client: &mut Client, rows: &Rows, tables: &[Table]) -> Result<bool, SeedError> {
    let tx = client.transaction().await.map_err(doing("beginning a transaction"))?;
    let lock = tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await;
    lock.map_err(doing("waiting for another seed"))?;
    if present(&tx, rows, tables).await? {
        return Ok(false);
    }
    let bound = bound(&tx, tables).await?;
    force(&tx, &bound, "NO FORCE").await?;
    for table in tables {
        copy(&tx, table, rows).await?;
    }
    force(&tx, &bound, "FORCE").await?;
    tx.commit().await.map_err(doing("committing the rows"))?;
    Ok(true)
}

/// The tables whose policies bind their owner.
async fn bound(tx: &Transaction<'_>, tables: &[Table]) -> Result<Vec<&'static str>, SeedError> {
    let query = "SELECT coalesce((SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass($1)), false)";
    let mut bound = Vec::new();
    for table in tables {
        let row = tx.query_one(query, &[&table.name]).await.map_err(doing(format!("looking at {}", table.name)))?;
        if row.get(0) {
            bound.push(table.name);
        }
    }
    Ok(bound)
}

/// Lifts it (`NO FORCE`), or binds it again (`FORCE`).
async fn force(tx: &Transaction<'_>, tables: &[&str], how: &str) -> Result<(), SeedError> {
    for table in tables {
        let alter = format!("ALTER TABLE {table} {how} ROW LEVEL SECURITY");
        tx.batch_execute(&alter).await.map_err(doing(alter.clone()))?;
    }
    Ok(())
}

/// Opens the database whose URI is in a file. The connection's task ends when the client is dropped.
async fn connect(path: &Path) -> Result<Client, SeedError> {
    let text = tokio::fs::read_to_string(path).await;
    let text = text.map_err(|source| SeedError::Uri { path: path.to_owned(), source })?;
    let failed = |source| SeedError::Connect { path: path.to_owned(), source };
    let unusable = |source| SeedError::Address { path: path.to_owned(), source };
    let Address { mut config, tls } = Address::parse(text.trim()).map_err(unusable)?;
    config.connect_timeout(CONNECT_TIMEOUT).application_name("rerp/seed");
    let tls = tls.connector().await.map_err(unusable)?.driver();
    let (client, connection) = config.connect(tls).await.map_err(failed)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::error!(%error, "the database connection ended");
        }
    });
    let work = "SET rerp.work = 'on'";
    client.batch_execute(work).await.map_err(doing(work))?;
    Ok(client)
}

/// Whether all rows are there already.
async fn present(tx: &Transaction<'_>, rows: &Rows, tables: &[Table]) -> Result<bool, SeedError> {
    let Some(table) = tables.iter().find(|t| (t.count)(&rows.counts) > 0) else { return Ok(true) };
    let end = (table.count)(&rows.counts);
    let query = format!("SELECT count(*) FROM {} WHERE id = $1", table.name);
    // First, last, and the one that only a larger set has.
    let mut found = [false; 3];
    for (slot, i) in found.iter_mut().zip([0, end - 1, end]) {
        let id: Uuid = first_uuid(rows, table, i);
        let row = tx.query_one(&query, &[&id]).await.map_err(doing(format!("looking into {}", table.name)))?;
        *slot = row.get::<_, i64>(0) > 0;
    }
    match found {
        [true, true, false] => Ok(true),
        [false, false, _] => Ok(false),
        _ => Err(SeedError::OtherSize { table: table.name, seed: rows.seed, rows: end }),
    }
}

fn first_uuid(rows: &Rows, table: &Table, i: u64) -> Uuid {
    crate::generate::rng::Rng::of(rows.seed, table.name, i).uuid()
}

async fn copy(tx: &Transaction<'_>, table: &Table, rows: &Rows) -> Result<(), SeedError> {
    let what = format!("copying into {}", table.name);
    let total = (table.count)(&rows.counts);
    let types: Vec<Type> = table.columns.iter().map(|(_, kind)| kind.sql()).collect();
    let sink = tx.copy_in(&table.copy()).await.map_err(doing(what.clone()))?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for i in 0..total {
        let row: Vec<Cell> = (table.row)(rows, i);
        writer.as_mut().write_raw(row).await.map_err(doing(what.clone()))?;
        if (i + 1) % PROGRESS == 0 {
            println!("{}: {} of {total} rows", table.name, i + 1);
        }
    }
    writer.as_mut().finish().await.map_err(doing(what))?;
    println!("{}: {total} rows", table.name);
    Ok(())
}

/// Prints what the tables hold and weigh, indexes included, as PostgreSQL sees it.
async fn measure(client: &Client, tables: &[Table], started: Instant) -> Result<(), SeedError> {
    let (mut rows, mut bytes) = (0_i64, 0_i64);
    for table in tables {
        let query =
            format!("SELECT (SELECT count(*) FROM {0}), pg_total_relation_size(to_regclass('{0}'))", table.name);
        let row = client.query_one(&query, &[]).await.map_err(doing(format!("measuring {}", table.name)))?;
        rows += row.get::<_, i64>(0);
        bytes += row.get::<_, i64>(1);
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{}: {rows} rows, {bytes} bytes with indexes, {seconds:.1} s", names(tables));
    Ok(())
}

fn names(tables: &[Table]) -> String {
    tables.iter().map(|t| t.name).collect::<Vec<_>>().join(", ")
}
