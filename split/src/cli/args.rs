//! Flags -> settings. A spec comes from a file, or from flags for the common case; URLs never from a spec.

use clap::{Args, Parser, Subcommand, ValueEnum};
use rerp_split::connect::Endpoint;
use rerp_split::phase::Phase;
use rerp_split::run::Settings;
use rerp_split::schema::find_pg_dump;
use rerp_split::spec::{AcrossDomains, CopySpec, ForeignKeySpec, Roles, Side, SideSpec, Spec};
use std::path::{Path, PathBuf};

/// Moves a live schema from one PostgreSQL server to another.
#[derive(Debug, Parser)]
#[command(name = "rerp-split", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done as asked; 1 the attempt itself failed; 2 wrong usage; 3 the migration failed \
    or contents differ; 4 refused by preflight; 5 could not verify; 6 another worker took over";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check both sides and print every statement that would be run; changes nothing.
    Plan(Sides),
    /// Migrate, as far as --advance-to; run again to go on.
    Run {
        #[command(flatten)]
        sides: Sides,
        /// The last phase that may begin: Preflight, ReadyForCutover, Cutover or Completed.
        #[arg(long, default_value = "Completed")]
        advance_to: Phase,
    },
    /// Print how far the migration is.
    Status {
        #[command(flatten)]
        sides: Sides,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Compare the contents of both sides while the stream is live.
    Verify(Sides),
    /// Take the migration back and leave nothing behind; refused once the target owns the data.
    Abort(Sides),
    /// Make severed foreign keys again, where both of their tables are in one database; not beside a worker.
    UndoForeignKeys(Sides),
    /// Serve one migration whose wishes somebody else writes, until told to end.
    Worker {
        /// Holds `source` and `target` (URLs) and `spec.json`.
        #[arg(long)]
        dir: PathBuf,
        /// Where /livez, /readyz and /metrics are served.
        #[arg(long, env = "RERP_ADMIN_ADDR", default_value = "0.0.0.0:9090")]
        admin: String,
        /// The pg_dump to use.
        #[arg(long, env = "RERP_PG_DUMP")]
        pg_dump: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Sides {
    /// URL of the database that holds the schema. sslmode may be disable, prefer, require or verify-full with sslrootcert.
    #[arg(long, env = "RERP_SPLIT_SOURCE", hide_env_values = true)]
    source: String,
    /// URL of the database that it moves to.
    #[arg(long, env = "RERP_SPLIT_TARGET", hide_env_values = true)]
    target: String,
    /// A spec as JSON, instead of the flags below.
    #[arg(long, conflicts_with_all = ["schema", "owner"])]
    spec: Option<PathBuf>,
    /// The schema that moves.
    #[arg(long, required_unless_present = "spec")]
    schema: Option<String>,
    /// Its name on the target, if another.
    #[arg(long)]
    target_schema: Option<String>,
    /// Move only this table; may be repeated.
    #[arg(long = "table")]
    tables: Vec<String>,
    /// Names the migration: 1 to 16 of a-z and 0-9.
    #[arg(long, default_value = "cli")]
    migration: String,
    /// The role that owns the tables.
    #[arg(long, required_unless_present = "spec")]
    owner: Option<String>,
    /// A role of the service that reads and writes; may be repeated.
    #[arg(long = "role-app")]
    app: Vec<String>,
    /// A role of the service that reads; may be repeated.
    #[arg(long = "role-read")]
    read: Vec<String>,
    /// A role of the service that changes the schema; may be repeated.
    #[arg(long = "role-migrate")]
    migrate: Vec<String>,
    /// Owner on the target, if another; the same for the roles below.
    #[arg(long)]
    target_owner: Option<String>,
    #[arg(long = "target-role-app")]
    target_app: Vec<String>,
    #[arg(long = "target-role-read")]
    target_read: Vec<String>,
    #[arg(long = "target-role-migrate")]
    target_migrate: Vec<String>,
    /// How long writers may be kept waiting by one attempt of the switch, in milliseconds.
    #[arg(long, default_value_t = 500)]
    max_write_pause_ms: u64,
    /// How long the switch may be tried, in seconds.
    #[arg(long, default_value_t = 600)]
    cutover_budget_s: u64,
    /// Workers that copy side by side, 1 to 16.
    #[arg(long, default_value_t = CopySpec::default().workers)]
    copy_workers: u32,
    /// How much they may copy together in a second, in bytes.
    #[arg(long)]
    copy_max_bytes_per_second: Option<u64>,
    /// What becomes of foreign keys between moving and staying tables.
    #[arg(long, value_enum, default_value_t = ForeignKeys::Refuse)]
    foreign_keys: ForeignKeys,
    /// Sever foreign keys although there are children without a parent already.
    #[arg(long)]
    waive_orphans: bool,
    /// With sslmode=verify-full, where the target's own disk has the source's roots, for its subscription; by default where
    /// sslrootcert in --source says.
    #[arg(long)]
    source_roots_on_target: Option<String>,
    /// The pg_dump to use.
    #[arg(long, env = "RERP_PG_DUMP")]
    pg_dump: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ForeignKeys {
    /// They stop the migration.
    Refuse,
    /// They are dropped right before the cutover and compared across the databases from then on.
    Sever,
}

/// Why the arguments can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArgumentError {
    #[error("read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Spec(#[from] rerp_split::spec::SpecError),
    #[error(transparent)]
    Url(#[from] rerp_split::connect::ConnectError),
}

impl Sides {
    /// Settings that end once nothing more may be done.
    pub(crate) fn settings(self) -> Result<Settings, ArgumentError> {
        let (source, target, pg_dump) = (self.source.clone(), self.target.clone(), self.pg_dump.clone());
        let roots = self.source_roots_on_target.clone();
        let spec = match &self.spec {
            Some(path) => Spec::parse(&read(path)?)?,
            None => self.into_spec(),
        };
        let settings = settings(spec, &source, &target, pg_dump, true)?;
        Ok(Settings { source: settings.source.with_roots_on_target(roots), ..settings })
    }

    fn into_spec(self) -> Spec {
        let schema = self.schema.unwrap_or_default();
        let or = |given: Vec<String>, other: &[String]| if given.is_empty() { other.to_vec() } else { given };
        let source =
            Roles { owner: self.owner.unwrap_or_default(), migrate: self.migrate, app: self.app, read: self.read };
        let target = Roles {
            owner: self.target_owner.unwrap_or_else(|| source.owner.clone()),
            migrate: or(self.target_migrate, &source.migrate),
            app: or(self.target_app, &source.app),
            read: or(self.target_read, &source.read),
        };
        Spec {
            migration: self.migration,
            target: SideSpec { schema: self.target_schema.unwrap_or_else(|| schema.clone()), roles: target },
            source: SideSpec { schema, roles: source },
            tables: (!self.tables.is_empty()).then_some(self.tables),
            max_write_pause_ms: self.max_write_pause_ms,
            cutover_budget_s: self.cutover_budget_s,
            copy: CopySpec {
                workers: self.copy_workers,
                max_bytes_per_second: self.copy_max_bytes_per_second,
                ..CopySpec::default()
            },
            foreign_keys: ForeignKeySpec {
                across_domains: match self.foreign_keys {
                    ForeignKeys::Refuse => AcrossDomains::Refuse,
                    ForeignKeys::Sever => AcrossDomains::Sever,
                },
                waive_orphans: self.waive_orphans,
            },
        }
    }
}

/// Settings of a worker from its directory.
pub(crate) fn from_dir(dir: &Path, pg_dump: Option<PathBuf>) -> Result<Settings, ArgumentError> {
    let spec = Spec::parse(&read(&dir.join("spec.json"))?)?;
    let (source, target) = (read(&dir.join("source"))?, read(&dir.join("target"))?);
    settings(spec, source.trim(), target.trim(), pg_dump, false)
}

fn settings(
    spec: Spec,
    source: &str,
    target: &str,
    pg_dump: Option<PathBuf>,
    until_settled: bool,
) -> Result<Settings, ArgumentError> {
    spec.check()?;
    let source = Endpoint::parse(Side::Source, source, &spec.migration)?;
    let target = Endpoint::parse(Side::Target, target, &spec.migration)?;
    Ok(Settings { spec, source, target, pg_dump: pg_dump.unwrap_or_else(find_pg_dump), until_settled })
}

fn read(path: &Path) -> Result<String, ArgumentError> {
    std::fs::read_to_string(path).map_err(|source| ArgumentError::Read { path: path.to_owned(), source })
}
