//! What a migration has made on either side, and what of it is left on one that is away.

use super::Status;
use crate::names;
use crate::phase::Phase;
use crate::spec::Side;
use serde::{Deserialize, Serialize};

/// How many objects a text names.
const NAMED: usize = 60;

/// Something that the migration has made, the copied tables included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// On which side.
    pub side: Side,
    /// What it is: slot, subscription, table, …
    pub kind: String,
    /// Its exact name.
    pub name: String,
}

impl Made {
    /// It lies beside the data: neither a copied table nor what belongs to one.
    #[must_use]
    pub fn is_aside(&self) -> bool {
        ["slot", "subscription", "publication", "role", "event trigger", "database"].contains(&self.kind.as_str())
    }
}

impl Status {
    /// What the migration has made and takes away again. Once the target owns, the tables are the service's, and no side objects.
    pub fn side_objects(&self) -> impl Iterator<Item = &Made> {
        self.made.iter().filter(|made| made.is_aside() || !self.serves_there())
    }

    /// The target owns the data, or may by now.
    fn serves_there(&self) -> bool {
        self.phase.is_after_cutover() || matches!(self.phase, Phase::Cutover | Phase::RollingBack)
    }

    /// What is left of `migration` on `side`, in words for a person: by name, as last seen there. What was made right before the side
    /// went away may not have been seen any more, so the text says too how to tell it. Once the target owns, its tables are nothing left over.
    #[must_use]
    pub fn left_on(&self, side: Side, migration: &str) -> String {
        let made = self.side_objects().filter(|made| made.side == side);
        let names: Vec<String> = made.map(|made| format!("{} {}", made.kind, made.name)).collect();
        let rest = format!(
            "rows of migration {migration} in the schema rerp_split, whatever else is named {}*",
            names::prefix(migration)
        );
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("{more} more, "),
        };
        names.iter().take(NAMED).map(|name| format!("{name}, ")).chain([more, rest]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(side: Side, kind: &str, name: &str) -> Made {
        Made { side, kind: kind.into(), name: name.into() }
    }

    #[test]
    fn what_is_left_on_a_side_is_named() {
        let rest = "rows of migration m in the schema rerp_split, whatever else is named rerp_m_*";
        let mut status = Status {
            made: vec![
                made(Side::Target, "subscription", "rerp_m_fwd_1"),
                made(Side::Source, "slot", "rerp_m_fwd_1"),
                made(Side::Target, "table", "app.email"),
            ],
            ..Status::default()
        };
        assert_eq!(status.left_on(Side::Target, "m"), format!("subscription rerp_m_fwd_1, table app.email, {rest}"));
        assert_eq!(status.left_on(Side::Source, "m"), format!("slot rerp_m_fwd_1, {rest}"));
        status.phase = Phase::Observe;
        assert_eq!(status.left_on(Side::Target, "m"), format!("subscription rerp_m_fwd_1, {rest}"), "its tables stay");
        status.phase = Phase::RolledBack;
        assert!(status.left_on(Side::Target, "m").contains("table app.email"), "the source serves");
        assert_eq!(Status::default().left_on(Side::Source, "m"), rest);
    }

    #[test]
    fn a_text_names_so_many_and_counts_the_others() {
        let made = (0..NAMED + 40).map(|n| made(Side::Target, "table", &format!("app.t{n}"))).collect();
        let text = Status { made, ..Status::default() }.left_on(Side::Target, "m");
        assert!(text.contains("table app.t59, 40 more, rows of"), "{text}");
    }
}
