//! What the spec says about foreign keys between moving and staying tables.

use serde::{Deserialize, Serialize};

/// What becomes of foreign keys between moving and staying tables: none can span two databases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForeignKeySpec {
    /// Whether they are refused, or dropped before the cutover and compared from then on.
    pub across_domains: AcrossDomains,
    /// Sever them although there are children without a parent already.
    pub waive_orphans: bool,
}

impl ForeignKeySpec {
    /// Nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// They may be dropped.
    #[must_use]
    pub fn severs(self) -> bool {
        self.across_domains == AcrossDomains::Sever
    }
}

/// What becomes of a foreign key between a moving and a staying table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcrossDomains {
    /// It stops the migration.
    #[default]
    Refuse,
    /// It is dropped right before the cutover, and compared across the databases from then on.
    Sever,
}
