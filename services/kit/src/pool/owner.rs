//! Which side owns the data. In come the owner rows of both sides; out goes a decision. Pure.
//! Must not decide by anything but the rows: a side is writable because its own row says so, never because the other
//! one failed.

use uuid::Uuid;

/// One of the two databases a service can be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// The file `current`: where the data is unless a row says otherwise.
    Current,
    /// The file `next`: where the data is going.
    Next,
}

impl Role {
    /// Label for logs and metrics.
    #[must_use]
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Current => Self::Next,
            Self::Next => Self::Current,
        }
    }
}

/// The row of `rerp_split.owner` that speaks about our schema.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct OwnerRow {
    pub(crate) migration: String,
    pub(crate) epoch: i64,
    pub(crate) is_owner: bool,
    /// Published by the commit that closes this side; opens the other one.
    pub(crate) proof: Option<Uuid>,
}

/// What a side says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Says {
    /// It didn't answer.
    Nothing,
    /// No journal, or no row for our schema: no migration was ever begun here.
    NoRow,
    /// Its row.
    Row(OwnerRow),
}

impl Says {
    fn row(&self) -> Option<&OwnerRow> {
        match self {
            Self::Row(row) => Some(row),
            Self::Nothing | Self::NoRow => None,
        }
    }

    fn owned_at(&self) -> Option<i64> {
        self.row().filter(|row| row.is_owner).map(|row| row.epoch)
    }
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// This side owns, at this epoch if a row said so.
    Use(Role, Option<i64>),
    /// Nobody owns, and there are proofs: try one after the other.
    Open(Vec<Opening>),
    /// Nobody owns yet, or the one who would tell didn't answer.
    Wait,
}

/// A proof that one side has published, and may open the other one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    /// The side that it may open.
    pub(crate) on: Role,
    pub(crate) migration: String,
    pub(crate) proof: Uuid,
    /// At which epoch that side owns then.
    pub(crate) epoch: i64,
}

/// What we knew before asking.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// The last epoch seen.
    pub(crate) epoch: Option<i64>,
    /// Whether `current` has just refused a statement.
    pub(crate) refused: bool,
}

/// Decides from what both sides say.
///
/// * Two owners: the higher epoch. (The lower one is a side restored from the past; it gets closed by the engine.)
/// * `current` without a row owns; only when it also refuses statements is `next` believed, since the journal of the
///   source is taken down at the very end.
/// * `current` silent: `next` is believed only at an epoch beyond the one we know, so that the leftover row of an
///   earlier life of the target can't lure us.
pub(crate) fn decide(current: &Says, next: &Says, known: Known) -> Decision {
    match (current.owned_at(), next.owned_at()) {
        (Some(ours), Some(theirs)) if theirs > ours => return Decision::Use(Role::Next, Some(theirs)),
        (Some(ours), _) => return Decision::Use(Role::Current, Some(ours)),
        (None, Some(theirs)) => {
            let believed = match current {
                Says::Row(row) => theirs >= row.epoch,
                Says::NoRow => known.refused,
                Says::Nothing => known.epoch.is_none_or(|epoch| theirs > epoch),
            };
            if believed {
                return Decision::Use(Role::Next, Some(theirs));
            }
        }
        (None, None) => {}
    }
    if *current == Says::NoRow {
        return Decision::Use(Role::Current, None);
    }
    match openings(current, next) {
        none if none.is_empty() => Decision::Wait,
        some => Decision::Open(some),
    }
}

/// A published proof opens the opposite side; the newest first. After a rollback both sides have published one, and which of
/// them counts only the side that it opens can tell: `open` checks it, so a stale one does no harm.
fn openings(current: &Says, next: &Says) -> Vec<Opening> {
    let opening = |(role, says): (Role, &Says)| {
        let row = says.row()?;
        Some(Opening { on: role.other(), migration: row.migration.clone(), proof: row.proof?, epoch: row.epoch })
    };
    let mut all: Vec<_> = [(Role::Current, current), (Role::Next, next)].into_iter().filter_map(opening).collect();
    all.sort_by_key(|opening| std::cmp::Reverse(opening.epoch));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: i64, is_owner: bool, proof: bool) -> Says {
        Says::Row(OwnerRow { migration: "m".into(), epoch, is_owner, proof: proof.then_some(Uuid::nil()) })
    }

    fn opening(on: Role, epoch: i64) -> Opening {
        Opening { on, migration: "m".into(), proof: Uuid::nil(), epoch }
    }

    fn open(on: Role, epoch: i64) -> Decision {
        Decision::Open(vec![opening(on, epoch)])
    }

    #[test]
    fn rows_decide() {
        let none = Known::default();
        let refused = Known { refused: true, ..none };
        let knows_5 = Known { epoch: Some(5), ..none };
        let current = |epoch| Decision::Use(Role::Current, epoch);
        let next = |epoch| Decision::Use(Role::Next, Some(epoch));
        let both = |epoch| Decision::Open(vec![opening(Role::Next, epoch), opening(Role::Current, epoch)]);
        for (name, ours, theirs, known, expected) in [
            ("no migration", Says::NoRow, Says::NoRow, none, current(None)),
            ("prepared", row(1, true, false), row(0, false, false), none, current(Some(1))),
            ("armed, not closed", row(1, true, false), row(2, false, false), none, current(Some(1))),
            ("closed, not opened", row(2, false, true), row(2, false, false), refused, open(Role::Next, 2)),
            ("closed, target silent", row(2, false, true), Says::Nothing, refused, open(Role::Next, 2)),
            ("opened", row(2, false, true), row(2, true, false), refused, next(2)),
            ("taking back", row(3, false, false), row(3, false, true), refused, open(Role::Current, 3)),
            ("rolling back", row(3, false, true), row(3, false, true), refused, both(3)),
            ("closed without proof", row(2, false, false), row(2, false, false), refused, Decision::Wait),
            ("both, target newer", row(1, true, false), row(2, true, false), none, next(2)),
            ("both, source newer", row(3, true, false), row(2, true, false), none, current(Some(3))),
            ("source dead after opening", Says::Nothing, row(6, true, false), knows_5, next(6)),
            ("source dead, old row on the target", Says::Nothing, row(5, true, false), knows_5, Decision::Wait),
            ("source dead, target closed", Says::Nothing, row(6, false, false), knows_5, Decision::Wait),
            ("both silent", Says::Nothing, Says::Nothing, none, Decision::Wait),
            ("old row on the target, nothing refused", Says::NoRow, row(9, true, false), none, current(None)),
            ("journal of the source gone", Says::NoRow, row(9, true, false), refused, next(9)),
        ] {
            assert_eq!(decide(&ours, &theirs, known), expected, "{name}");
        }
    }
}
