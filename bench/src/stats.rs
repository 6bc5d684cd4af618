//! What many figures say together. In: figures of rounds, times of requests. Out: the middle, how far it spreads, and ratios of what was
//! measured in the same round. Pure.
//!
//! Medians and quartiles, not means: on a machine that does other things too a few rounds are always off, in one direction only.

use serde::Serialize;

/// The figures of several rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// Half of the rounds are below.
    pub(crate) median: f64,
    /// A quarter is below.
    pub(crate) lower: f64,
    /// A quarter is above.
    pub(crate) upper: f64,
    /// The least of all.
    pub(crate) min: f64,
    /// The most of all.
    pub(crate) max: f64,
}

/// Summarises figures; none if there are none, or one of them isn't a number.
pub(crate) fn summary(figures: &[f64]) -> Option<Summary> {
    if figures.iter().any(|figure| !figure.is_finite()) {
        return None;
    }
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(Summary {
        median: quantile(&sorted, 0.5)?,
        lower: quantile(&sorted, 0.25)?,
        upper: quantile(&sorted, 0.75)?,
        min: *sorted.first()?,
        max: *sorted.last()?,
    })
}

/// The figure that this part of sorted figures is below; between two of them in proportion (Hyndman and Fan's seventh definition).
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * (sorted.len().checked_sub(1)? as f64);
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// One round's figure over another's, round by round: what disturbed a round disturbed both of its figures. A round without a sensible
/// ratio isn't left out but ends the comparison: nothing was measured there.
pub(crate) fn ratios(ours: &[f64], theirs: &[f64]) -> Option<Vec<f64>> {
    paired(ours, theirs, |ours, theirs| (theirs > 0.0).then(|| ours / theirs))
}

/// One round's figure less another's, round by round.
pub(crate) fn differences(ours: &[f64], theirs: &[f64]) -> Option<Vec<f64>> {
    paired(ours, theirs, |ours, theirs| Some(ours - theirs))
}

fn paired(ours: &[f64], theirs: &[f64], join: impl Fn(f64, f64) -> Option<f64>) -> Option<Vec<f64>> {
    if ours.len() != theirs.len() {
        return None;
    }
    ours.iter().zip(theirs).map(|(ours, theirs)| join(*ours, *theirs)).collect()
}

/// The time that so many in a thousand are not above (nearest rank). Sorts what it is given.
pub(crate) fn percentile(times: &mut [u64], per_mille: usize) -> Option<u64> {
    times.sort_unstable();
    let rank = (times.len() * per_mille).div_ceil(1000).max(1);
    times.get(rank - 1).copied()
}

/// Who is measured when, in a round: every other round goes backwards, and every second one begins with the next. So nobody always comes
/// first, and nobody always comes after the same one.
pub(crate) fn order(contenders: usize, round: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..contenders).collect();
    if contenders > 0 {
        order.rotate_left(round / 2 % contenders);
    }
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_spread() {
        let odd = summary(&[5.0, 1.0, 3.0, 2.0, 4.0]).unwrap();
        assert_eq!(odd, Summary { median: 3.0, lower: 2.0, upper: 4.0, min: 1.0, max: 5.0 });
        let even = summary(&[4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!((even.median, even.lower, even.upper), (2.5, 1.75, 3.25));
        let one = summary(&[7.0]).unwrap();
        assert_eq!(one, Summary { median: 7.0, lower: 7.0, upper: 7.0, min: 7.0, max: 7.0 });
    }

    #[test]
    fn one_round_that_is_off_moves_the_spread_and_not_the_middle() {
        let calm = summary(&[10.0, 10.1, 9.9, 10.0, 10.2]).unwrap();
        let disturbed = summary(&[10.0, 10.1, 9.9, 10.0, 2.0]).unwrap();
        assert_eq!(calm.median, disturbed.median);
        assert_eq!(disturbed.min, 2.0);
    }

    #[test]
    fn nothing_measured_has_no_summary() {
        assert_eq!(summary(&[]), None);
        assert_eq!(summary(&[1.0, f64::NAN]), None);
        assert_eq!(summary(&[f64::INFINITY]), None);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        // The second round was twice as slow for both: that is no difference between them.
        assert_eq!(ratios(&[30.0, 15.0], &[10.0, 5.0]), Some(vec![3.0, 3.0]));
        assert_eq!(ratios(&[1.0], &[0.0]), None);
        assert_eq!(ratios(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(differences(&[105.0, 120.0], &[89.0, 100.0]), Some(vec![16.0, 20.0]));
        assert_eq!(differences(&[1.0], &[]), None);
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut times: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(percentile(&mut times, 500), Some(50));
        assert_eq!(percentile(&mut times, 990), Some(99));
        assert_eq!(percentile(&mut times, 1000), Some(100));
        assert_eq!(percentile(&mut times, 0), Some(1));
        assert_eq!(percentile(&mut [7], 500), Some(7));
        assert_eq!(percentile(&mut [], 500), None);
    }

    #[test]
    fn everybody_comes_once_a_round_and_first_now_and_then() {
        let firsts: Vec<usize> = (0..6).map(|round| order(3, round)[0]).collect();
        assert_eq!(firsts, [0, 2, 1, 0, 2, 1]);
        for round in 0..8 {
            let mut all = order(4, round);
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3], "{round}");
        }
        assert!(order(0, 3).is_empty());
    }
}
