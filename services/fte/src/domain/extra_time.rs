//! More time than others have, for whoever needs it. In come percentages and limits; out go limits. Pure.

use rerp_kit::problem::Mistakes;

/// Most of it: three times a module's time in all.
pub(crate) const MOST: i32 = 200;

/// A percentage as somebody typed it.
///
/// # Errors
/// It is none that can be given.
pub fn checked(percent: i32) -> Result<i16, Mistakes> {
    let mut mistakes = Mistakes::default();
    let percent = mistakes.number("/percent", percent, 1..=MOST);
    mistakes.finish(i16::try_from(percent).unwrap_or_default())
}

/// What a limit becomes with so many percent of it more, in seconds, rounded up.
#[must_use]
pub fn allowed_s(limit_s: i32, percent: i16) -> i32 {
    let allowed = (i64::from(limit_s) * (100 + i64::from(percent)) + 99) / 100;
    i32::try_from(allowed).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_grows_and_never_shrinks() {
        for (limit, percent, allowed) in [(600, 0, 600), (600, 50, 900), (30, 1, 31), (86_400, 200, 259_200)] {
            assert_eq!(allowed_s(limit, percent), allowed);
        }
    }

    #[test]
    fn there_is_more_time_or_none_to_give() {
        assert_eq!((checked(1), checked(MOST)), (Ok(1), Ok(200)));
        for wrong in [0, -1, MOST + 1, i32::MAX] {
            assert_eq!(checked(wrong).unwrap_err().0[0].pointer.as_ref(), "/percent");
        }
    }
}
