//! The command line: what may be said. What it means for a migration is `settings`.

mod old;
mod verification;

use super::exit;
use clap::{Args, Parser, Subcommand, ValueEnum};
use old::Old;
use rerp_split::phase::Phase;
use rerp_split::spec::{CopySpec, EvidenceSpec};
use std::path::PathBuf;
use verification::Compared;

/// Moves a live schema from one PostgreSQL server to another.
///
/// plan, run, status, verify, rollback and abort take the same arguments: change the word, and leave the rest as it is.
#[derive(Parser)]
#[command(name = "rerp-split", version, after_help = exit::help())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check both sides and print every statement that would be run; changes nothing.
    Plan(Sides),
    /// Migrate, as far as --advance-to; run again to go on, also after a kill.
    Run {
        #[command(flatten)]
        sides: Sides,
        /// The last phase that may begin. ReadyForCutover does everything but the switch.
        #[arg(long, default_value = "Completed", value_parser = advance_to)]
        advance_to: Phase,
        /// Begin only if this is the hash that `plan` has printed; refused with code 2 if what would be done has changed since.
        #[arg(long, value_name = "HASH")]
        approve: Option<String>,
    },
    /// Print how far the migration is and what can be done; without --schema or --migration, list all.
    Status(Sides),
    /// Rehearse the switch once, at ReadyForCutover: lock and drain the real tables, tell the pause that is to be expected, let go.
    Rehearse(Sides),
    /// Compare the contents of both sides, with or without a migration; only reads.
    Verify(Sides),
    /// Take the migration back and leave nothing behind; refused once the target owns the data.
    Abort(Sides),
    /// Give the data back to the source as it came, while `status` says that it can go back.
    Rollback {
        #[command(flatten)]
        sides: Sides,
        /// The present epoch, as `status` tells it: given twice, or late, the command moves nothing.
        #[arg(long, value_parser = clap::value_parser!(i64).range(0..))]
        epoch: i64,
        /// The other way round: after a rollback, to the target again.
        #[arg(long)]
        undo: bool,
    },
    /// Make severed foreign keys again, where both of their tables are in one database; not beside a worker.
    UndoForeignKeys(Sides),
    /// Print in which order schemas may move, by the foreign keys between their tables; refused with code 2 if the given order isn't one.
    Order {
        #[command(flatten)]
        sides: Sides,
        /// Schemas of the source in the order in which they are to move; without any, all that refer to each other.
        #[arg(value_name = "SCHEMA")]
        schemas: Vec<String>,
    },
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

/// No Debug: the URLs hold passwords.
#[derive(Args)]
pub(crate) struct Sides {
    /// URL of the database that holds the schema. sslmode may be disable, prefer, require or verify-full with sslrootcert. A
    /// URL without a password takes RERP_SOURCE_PASSWORD or PGPASSWORD. Others on this machine see arguments: prefer the environment.
    #[arg(long, env = "RERP_SOURCE_URL", hide_env_values = true)]
    pub(crate) source: Option<String>,
    /// URL of the database that it moves to; as for --source, with RERP_TARGET_PASSWORD. `status` needs none.
    #[arg(long, env = "RERP_TARGET_URL", hide_env_values = true)]
    pub(crate) target: Option<String>,
    /// A spec as JSON, instead of the flags below.
    #[arg(long, conflicts_with_all = ["schema", "owner"])]
    pub(crate) spec: Option<PathBuf>,
    /// The schema that moves.
    #[arg(long)]
    pub(crate) schema: Option<String>,
    /// Its name on the target, if another; a migration refuses that, verify does not.
    #[arg(long)]
    pub(crate) target_schema: Option<String>,
    /// Move only this table; may be repeated.
    #[arg(long = "table")]
    pub(crate) tables: Vec<String>,
    /// Names the migration: 1 to 16 of a-z and 0-9; by default after the schema.
    #[arg(long)]
    pub(crate) migration: Option<String>,
    /// The role that owns the tables; by default the one that does now.
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// A role of the service that reads and writes; may be repeated. Without this and the two below, roles with rights on all
    /// tables of the source are taken.
    #[arg(long = "role-app")]
    pub(crate) app: Vec<String>,
    /// A role of the service that reads; may be repeated.
    #[arg(long = "role-read")]
    pub(crate) read: Vec<String>,
    /// A role of the service that changes the schema; may be repeated.
    #[arg(long = "role-migrate")]
    pub(crate) migrate: Vec<String>,
    /// Owner on the target, if another; the same for the roles below.
    #[arg(long)]
    pub(crate) target_owner: Option<String>,
    #[arg(long = "target-role-app")]
    pub(crate) target_app: Vec<String>,
    #[arg(long = "target-role-read")]
    pub(crate) target_read: Vec<String>,
    #[arg(long = "target-role-migrate")]
    pub(crate) target_migrate: Vec<String>,
    /// How long writers may be kept waiting by one attempt of the switch, in milliseconds.
    #[arg(long, default_value_t = 500)]
    pub(crate) max_write_pause_ms: u64,
    /// How long the switch may be tried, in seconds.
    #[arg(long, default_value_t = 600)]
    pub(crate) cutover_budget_s: u64,
    /// Workers that copy side by side, 1 to 16.
    #[arg(long, default_value_t = CopySpec::default().workers)]
    pub(crate) copy_workers: u32,
    /// How much they may copy together in a second, in bytes.
    #[arg(long)]
    pub(crate) copy_max_bytes_per_second: Option<u64>,
    /// How long a commit may take on the source, in milliseconds: while it takes longer the copy is slowed down. Without this
    /// nothing is measured.
    #[arg(long)]
    pub(crate) copy_max_writer_latency_ms: Option<u64>,
    /// How much WAL a slot of the migration may keep, in bytes; max_slot_wal_keep_size of the server holds besides. Before it is
    /// reached the copy is stopped, or the way back ends.
    #[arg(long)]
    pub(crate) max_retained_wal_bytes: Option<u64>,
    /// What becomes of foreign keys between moving and staying tables.
    #[arg(long, value_enum, default_value_t = ForeignKeys::Refuse)]
    pub(crate) foreign_keys: ForeignKeys,
    /// Sever foreign keys although there are children without a parent already.
    #[arg(long)]
    pub(crate) waive_orphans: bool,
    /// What follows if others than the service use the moving tables: require waits with the switch until they have stopped.
    #[arg(long, value_enum, default_value_t = Evidence::Warn)]
    pub(crate) evidence: Evidence,
    /// With --evidence require: how long everybody else has to have been quiet, in seconds.
    #[arg(long, default_value_t = EvidenceSpec::default().quiet_for_s)]
    pub(crate) quiet_for_s: u64,
    #[command(flatten)]
    pub(crate) compared: Compared,
    /// With sslmode=verify-full, where the target's own disk has the source's roots, for its subscription; by default where
    /// sslrootcert in --source says.
    #[arg(long)]
    pub(crate) source_roots_on_target: Option<String>,
    /// The same the other way round, for the way back: where the source's own disk has the target's roots.
    #[arg(long)]
    pub(crate) target_roots_on_source: Option<String>,
    /// Make no stream back to the source: once the target owns, the data can't go back.
    #[arg(long)]
    pub(crate) no_way_back: bool,
    #[command(flatten)]
    pub(crate) old: Old,
    /// The pg_dump to use.
    #[arg(long, env = "RERP_PG_DUMP")]
    pub(crate) pg_dump: Option<PathBuf>,
    /// Print events, one JSON object a line, on standard output and nothing else there.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ForeignKeys {
    /// They stop the migration.
    Refuse,
    /// They are dropped right before the cutover and compared across the databases from then on.
    Sever,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Evidence {
    /// No switch before they have stopped, nor where it can't be told.
    Require,
    /// They are named.
    Warn,
    /// Nobody looks.
    Ignore,
}

/// Phases that a migration can be told to stop at.
const STOPS: [Phase; 10] = [
    Phase::Preflight,
    Phase::Prepare,
    Phase::Copy,
    Phase::CatchUp,
    Phase::Verify,
    Phase::ReadyForCutover,
    Phase::Cutover,
    Phase::Observe,
    Phase::Finalize,
    Phase::Completed,
];

fn advance_to(text: &str) -> Result<Phase, String> {
    let known = STOPS.into_iter().find(|phase| phase.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("write one of {}", STOPS.map(Phase::as_str).join(", ")))
}

/// A text without what stands between `://` and the last `@` of the same word: clap repeats what it doesn't understand.
pub(crate) fn redacted(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        match (word.find("://"), word.rfind('@')) {
            (Some(begin), Some(end)) if begin < end => {
                out.push_str(&word[..begin]);
                out.push_str("://…");
                out.push_str(&word[end..]);
            }
            _ => out.push_str(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_phase_that_is_no_stop_is_refused_with_those_that_are() {
        assert_eq!(advance_to("readyforcutover"), Ok(Phase::ReadyForCutover));
        assert!(advance_to("Aborted").unwrap_err().contains("ReadyForCutover, Cutover"));
    }

    #[test]
    fn a_url_that_is_repeated_has_no_login() {
        let text = "error: unexpected argument 'postgresql://u:p@ss@h/d' found\n\n  x@y.z stays\n";
        assert_eq!(redacted(text), "error: unexpected argument 'postgresql://…@h/d' found\n\n  x@y.z stays\n");
    }
}
