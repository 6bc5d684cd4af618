//! Settings of `traffic seed`. In: arguments and environment. Out: checked values; URIs stay in their files until used.

use clap::Args;
use std::path::PathBuf;

/// Rows in identity's tables unless told otherwise: more than 200 MB with their indexes.
pub const DEFAULT_ROWS: u64 = 900_000;

/// What `seed` can be told.
#[derive(Debug, Clone, Args)]
pub struct SeedArgs {
    /// Rows in identity's tables; marketing gets a quarter of the addresses' count on top.
    #[arg(long, env = "RERP_SEED_ROWS", default_value_t = DEFAULT_ROWS, value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    pub rows: u64,
    /// The same seed makes the same rows, for ever.
    #[arg(long, env = "RERP_SEED", default_value_t = 1)]
    pub seed: u64,
    /// File with the URI of identity's database, for a role that may write its tables.
    #[arg(long, env = "RERP_SEED_IDENTITY_URI_FILE", default_value = "/etc/rerp/seed/identity/uri")]
    pub identity_uri_file: PathBuf,
    /// File with the URI of marketing's database, for a role that may write its tables.
    #[arg(long, env = "RERP_SEED_MARKETING_URI_FILE", default_value = "/etc/rerp/seed/marketing/uri")]
    pub marketing_uri_file: PathBuf,
}
