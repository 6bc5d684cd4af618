//! Seats: how many people may have a role in an account, by its plan. In come numbers; out goes whether there is room. Pure.

/// How many there are. Whoever has a role has a seat, however many roles that are; a plan that gives fewer than people have takes nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats(Option<u32>);

impl Seats {
    /// As many as they like: the plan says nothing of it, or nobody is asked.
    pub const UNBOUNDED: Self = Self(None);

    /// None for anybody new: whoever has one keeps it.
    pub const NONE: Self = Self(Some(0));

    /// So many; none for as many as they like.
    #[must_use]
    pub const fn of(seats: Option<u32>) -> Self {
        Self(seats)
    }

    /// Whether nothing needs to be counted.
    #[must_use]
    pub const fn are_unbounded(self) -> bool {
        self.0.is_none()
    }

    /// Whether one more may sit down beside `taken` others, or has a seat already.
    #[must_use]
    pub fn have_room(self, taken: i64, is_seated: bool) -> bool {
        is_seated || self.0.is_none_or(|seats| taken < i64::from(seats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seat_is_taken_and_no_other() {
        let two = Seats::of(Some(2));
        assert!(two.have_room(1, false) && !two.have_room(2, false) && !two.have_room(3, false));
        assert!(two.have_room(2, true) && two.have_room(9, true), "who sits may have another role, or a smaller plan");
        assert!(Seats::UNBOUNDED.have_room(i64::MAX, false) && Seats::UNBOUNDED.are_unbounded());
        assert!(!Seats::NONE.have_room(0, false) && Seats::NONE.have_room(1, true));
    }
}
