//! What a migration has made on either side, and what of it is left on one that is away.

use super::Status;
use crate::names;
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
    fn is_aside(&self) -> bool {
        ["slot", "subscription", "publication", "role", "event trigger"].contains(&self.kind.as_str())
    }
}

impl Status {
    /// What is left of `migration` on `side`, in words for a person: by name, as last seen there. What was made right before the side
    /// went away may not have been seen any more, so the text says too how to tell it. Once the target owns, its tables are nothing left over.
    #[must_use]
    pub fn left_on(&self, side: Side, migration: &str) -> String {
        let stays = |made: &Made| self.phase.is_after_cutover() && !made.is_aside();
        let made = self.made.iter().filter(|made| made.side == side && !stays(made));
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
    use crate::phase::Phase;

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
        assert_eq!(Status::default().left_on(Side::Source, "m"), rest);
    }

    #[test]
    fn a_text_names_so_many_and_counts_the_others() {
        let made = (0..NAMED + 40).map(|n| made(Side::Target, "table", &format!("app.t{n}"))).collect();
        let text = Status { made, ..Status::default() }.left_on(Side::Target, "m");
        assert!(text.contains("table app.t59, 40 more, rows of"), "{text}");
    }
}
