//! Settings of `traffic seed`. In: arguments and environment. Out: checked values; URIs stay in their files until used.

use clap::{ArgAction, Args};
use std::path::PathBuf;

/// Rows over the three domains unless told otherwise; identity's part is more than 200 MB with its indexes.
pub const DEFAULT_ROWS: u64 = 1_000_000;
/// The most rows.
pub const MAX_ROWS: u64 = 20_000_000;

/// What `seed` can be told.
#[derive(Debug, Clone, Args)]
pub struct SeedArgs {
    /// Rows in the tables of identity, account and marketing together.
    #[arg(long, env = "RERP_SEED_ROWS", default_value_t = DEFAULT_ROWS, value_parser = clap::value_parser!(u64).range(1..=MAX_ROWS))]
    pub rows: u64,
    /// The same seed makes the same rows, for ever.
    #[arg(long, env = "RERP_SEED", default_value_t = 1)]
    pub seed: u64,
    /// File with the URI of identity's database, for a role that may write its tables.
    #[arg(long, env = "RERP_SEED_IDENTITY_URI_FILE", default_value = "/etc/rerp/seed/identity/uri")]
    pub identity_uri_file: PathBuf,
    /// File with the URI of account's database, for a role that may write its tables.
    #[arg(long, env = "RERP_SEED_ACCOUNT_URI_FILE", default_value = "/etc/rerp/seed/account/uri")]
    pub account_uri_file: PathBuf,
    /// File with the URI of marketing's database, for a role that may write its tables.
    #[arg(long, env = "RERP_SEED_MARKETING_URI_FILE", default_value = "/etc/rerp/seed/marketing/uri")]
    pub marketing_uri_file: PathBuf,
    /// Whether the domains' tables get foreign keys to each other, as the tables of a monolith have them: `true` or `false`.
    /// The three URIs must then name one database, and roles that may give away rights on their tables.
    #[arg(long, env = "RERP_SEED_FOREIGN_KEYS", default_value_t = false, action = ArgAction::Set)]
    pub foreign_keys: bool,
}
