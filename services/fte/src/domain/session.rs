//! The life of a test session. In come states, times and revisions; out goes what may happen next. Pure: the time is the server's, and is
//! given.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::module::TestType;
use super::scoring::Score;
use rerp_kit::problem::Mistakes;

/// A session that somebody wants to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewSession {
    /// Identity's.
    pub human_name_id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// The module's code.
    pub module: String,
}

impl NewSession {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(human_name_id: &str, account_id: &str, module: &str) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let human_name_id = mistakes.id("/human_name_id", human_name_id);
        let account_id = mistakes.id("/account_id", account_id);
        let module = mistakes.code("/module", module);
        mistakes.finish(Self { human_name_id, account_id, module })
    }
}

/// Where a session is. From `InProgress` to one of the others, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename = "SessionStatus", rename_all = "snake_case")]
pub enum Status {
    /// Answers are taken.
    InProgress,
    /// Ended by its person, passed.
    Completed,
    /// Ended by its person, not passed.
    Failed,
    /// Ended by the clock; graded on what was saved until then, so it may be passed.
    Expired,
}

impl Status {
    const ALL: [Self; 4] = [Self::InProgress, Self::Completed, Self::Failed, Self::Expired];

    /// The status of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Its name, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// What a session is good for in this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It takes answers.
    Running,
    /// Its time is over, and nobody has graded it yet.
    Due,
    /// It is graded.
    Ended,
}

/// The phase of a session at `now`. The last moment of its time is the one before `expires_at`.
#[must_use]
pub fn phase(status: Status, expires_at: Timestamp, now: Timestamp) -> Phase {
    match status {
        Status::InProgress if now < expires_at => Phase::Running,
        Status::InProgress => Phase::Due,
        Status::Completed | Status::Failed | Status::Expired => Phase::Ended,
    }
}

/// Whether a session is passed. One with a scenario has to have carried it to its end.
#[must_use]
pub fn is_passed(test_type: TestType, score: Score, pass_bp: i32, scenario_completed: bool) -> bool {
    score.passes(pass_bp) && (test_type != TestType::InteractiveScenario || scenario_completed)
}

/// What a session that is graded now becomes; none if it has ended before.
#[must_use]
pub fn ends_as(phase: Phase, passed: bool) -> Option<Status> {
    match phase {
        Phase::Running if passed => Some(Status::Completed),
        Phase::Running => Some(Status::Failed),
        Phase::Due => Some(Status::Expired),
        Phase::Ended => None,
    }
}

/// Whether a session tells of each answer if it is right. Of one that isn't passed it tells the points and no more: whoever could see which of
/// their answers were wrong would only have to repeat the test until none is.
#[must_use]
pub fn tells_answers(passed: Option<bool>) -> bool {
    passed == Some(true)
}

/// How many seconds are left of the pause after an attempt that was not passed, rounded up; none if it is over.
#[must_use]
pub fn pause_left(pause_s: i32, ended_at: Timestamp, now: Timestamp) -> Option<u32> {
    let left = ended_at.as_millisecond() + i64::from(pause_s) * 1_000 - now.as_millisecond();
    u32::try_from((left + 999) / 1_000).ok().filter(|seconds| *seconds > 0)
}

/// What becomes of an answer that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Save {
    /// It is the next revision.
    Write,
    /// It is there already: this is a repetition of the request that saved it.
    Repeat,
    /// Something else was saved meanwhile, by another tab for instance.
    Stale,
}

/// Judges an answer by the revision its sender has seen; 0 before the first one. `is_same`: what is saved says the same.
#[must_use]
pub fn save(present: i32, is_same: bool, expected: i32) -> Save {
    if expected == present {
        Save::Write
    } else if is_same && expected.checked_add(1) == Some(present) {
        Save::Repeat
    } else {
        Save::Stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named_at_once() {
        let id = "0191f7a1-3f0c-7000-8000-000000000001";
        assert!(NewSession::new(id, id, "risk").is_ok());
        let mistakes = NewSession::new("1", &id.replace('-', ""), "Risk").unwrap_err().0;
        let pointers: Vec<_> = mistakes.into_iter().map(|mistake| mistake.pointer).collect();
        assert_eq!(pointers, ["/human_name_id", "/account_id", "/module"]);
    }

    #[test]
    fn the_clock_ends_a_session_at_its_end_and_not_before() {
        let end: Timestamp = "2026-01-01T00:30:00Z".parse().unwrap();
        for (now, at) in [
            ("2026-01-01T00:00:00Z", Phase::Running),
            ("2026-01-01T00:29:59.999999Z", Phase::Running),
            ("2026-01-01T00:30:00Z", Phase::Due),
            ("2026-01-02T00:00:00Z", Phase::Due),
        ] {
            let now = now.parse().unwrap();
            assert_eq!(phase(Status::InProgress, end, now), at, "{now}");
            for ended in [Status::Completed, Status::Failed, Status::Expired] {
                assert_eq!(phase(ended, end, now), Phase::Ended);
            }
        }
    }

    #[test]
    fn a_session_ends_once() {
        assert_eq!(ends_as(Phase::Running, true), Some(Status::Completed));
        assert_eq!(ends_as(Phase::Running, false), Some(Status::Failed));
        for passed in [true, false] {
            assert_eq!(ends_as(Phase::Due, passed), Some(Status::Expired));
            assert_eq!(ends_as(Phase::Ended, passed), None);
        }
        for status in Status::ALL {
            assert_eq!(Status::parse(status.name()), Some(status));
        }
    }

    #[test]
    fn a_pause_is_over_when_it_is_over() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let end = at("2026-01-01T00:00:00.5Z");
        for (pause_s, now, left) in [
            (900, "2026-01-01T00:00:00.5Z", Some(900)),
            (900, "2026-01-01T00:00:00.501Z", Some(900)),
            (900, "2026-01-01T00:15:00.499Z", Some(1)),
            (900, "2026-01-01T00:15:00.5Z", None),
            (900, "2027-01-01T00:00:00Z", None),
            (0, "2026-01-01T00:00:00.5Z", None),
            // Who asks may have asked before the end was written down.
            (60, "2026-01-01T00:00:00Z", Some(61)),
        ] {
            assert_eq!(pause_left(pause_s, end, at(now)), left, "{pause_s} {now}");
        }
    }

    #[test]
    fn only_who_has_passed_learns_which_answers_were_right() {
        assert!(tells_answers(Some(true)) && !tells_answers(Some(false)) && !tells_answers(None));
    }

    #[test]
    fn a_scenario_has_to_be_carried_to_its_end() {
        let (good, bad) = (Score { earned: 7, total: 10 }, Score { earned: 6, total: 10 });
        for test_type in [TestType::ModuleQuiz, TestType::FinalAssessment] {
            assert!(is_passed(test_type, good, 7_000, false) && !is_passed(test_type, bad, 7_000, true));
        }
        assert!(!is_passed(TestType::InteractiveScenario, good, 7_000, false));
        assert!(is_passed(TestType::InteractiveScenario, good, 7_000, true));
        assert!(!is_passed(TestType::InteractiveScenario, bad, 7_000, true));
    }

    #[test]
    fn the_revision_that_was_seen_decides() {
        for (present, is_same, expected, judged) in [
            (0, false, 0, Save::Write),
            (3, false, 3, Save::Write),
            (3, true, 3, Save::Write),
            (3, true, 2, Save::Repeat),
            (3, false, 2, Save::Stale),
            (3, true, 1, Save::Stale),
            (3, true, 4, Save::Stale),
            (0, false, -1, Save::Stale),
            (3, true, i32::MAX, Save::Stale),
        ] {
            assert_eq!(save(present, is_same, expected), judged, "{present} {is_same} {expected}");
        }
    }
}
