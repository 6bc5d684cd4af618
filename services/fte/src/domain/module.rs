//! Modules of courses. In come texts and numbers of a request; out goes a checked module, or what is wrong with it. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use rerp_kit::problem::Mistakes;

/// What a module tests, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestType {
    /// Questions about one module.
    ModuleQuiz,
    /// Questions, and a scenario that has to be carried to its end.
    InteractiveScenario,
    /// Questions about the whole course. At most one for each course.
    FinalAssessment,
}

impl TestType {
    const ALL: [Self; 3] = [Self::ModuleQuiz, Self::InteractiveScenario, Self::FinalAssessment];

    /// The type of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ModuleQuiz => "module_quiz",
            Self::InteractiveScenario => "interactive_scenario",
            Self::FinalAssessment => "final_assessment",
        }
    }
}

/// How many seconds somebody who has not passed waits for the next attempt, unless the module says otherwise.
pub const RETRY_PAUSE_S: i32 = 900;

/// What was typed of a module: all that can be changed.
pub struct Typed<'a> {
    /// For people.
    pub title: &'a str,
    /// For people.
    pub description: Option<&'a str>,
    /// The share of all points that passes, in hundredths of a percent.
    pub pass_bp: i32,
    /// How many seconds a session has.
    pub time_limit_s: i32,
    /// How many days a certificate is valid.
    pub certificate_days: Option<i32>,
    /// How many seconds somebody who has not passed waits.
    pub retry_pause_s: Option<i32>,
}

/// What can be changed of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// For people, one line.
    pub title: String,
    /// For people.
    pub description: Option<String>,
    /// The share of all points that passes, in hundredths of a percent.
    pub pass_bp: i32,
    /// How many seconds a session has.
    pub time_limit_s: i32,
    /// How many days a certificate of the course is valid; none: for ever. Of a final assessment only.
    pub certificate_days: Option<i32>,
    /// How many seconds somebody who has not passed waits for the next attempt; none: [`RETRY_PAUSE_S`], or as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_pause_s: Option<i32>,
}

/// A module that somebody wants to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewModule {
    /// Its name in paths, for ever.
    pub code: String,
    /// The course it is part of, for ever.
    pub course: String,
    /// What it tests, for ever.
    pub test_type: TestType,
    /// The rest.
    pub terms: Terms,
}

impl Terms {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(typed: &Typed<'_>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let terms = Self::read(typed, &mut mistakes);
        mistakes.finish(terms)
    }

    fn read(typed: &Typed<'_>, mistakes: &mut Mistakes) -> Self {
        Self {
            title: mistakes.line("/title", typed.title, 200),
            description: typed.description.map(|text| mistakes.text("/description", text, 5_000)),
            pass_bp: mistakes.number("/pass_bp", typed.pass_bp, 0..=10_000),
            time_limit_s: mistakes.number("/time_limit_s", typed.time_limit_s, 30..=86_400),
            certificate_days: typed.certificate_days.map(|days| mistakes.number("/certificate_days", days, 1..=36_500)),
            retry_pause_s: typed.retry_pause_s.map(|pause| mistakes.number("/retry_pause_s", pause, 0..=2_592_000)),
        }
    }
}

impl NewModule {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(code: &str, course: &str, test_type: &str, typed: &Typed<'_>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let code = mistakes.code("/code", code);
        let course = mistakes.code("/course", course);
        let test_type = TestType::parse(test_type).unwrap_or_else(|| {
            mistakes.add("/test_type", "must be `module_quiz`, `interactive_scenario` or `final_assessment`");
            TestType::FinalAssessment
        });
        let terms = Terms::read(typed, &mut mistakes);
        if terms.certificate_days.is_some() && test_type != TestType::FinalAssessment {
            mistakes.add("/certificate_days", "must be left out: only a final assessment has it");
        }
        mistakes.finish(Self { code, course, test_type, terms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_named_at_once() {
        let typed = |title, pass_bp, days| Typed {
            title,
            description: None,
            pass_bp,
            time_limit_s: 600,
            certificate_days: days,
            retry_pause_s: None,
        };
        let pointers = |code, kind, typed: &Typed<'_>| {
            let mistakes = NewModule::new(code, "fte", kind, typed).err().unwrap_or_default().0;
            mistakes.into_iter().map(|mistake| mistake.pointer).collect::<Vec<_>>()
        };
        assert!(pointers("risk", "module_quiz", &typed("Risk", 7_000, None)).is_empty());
        assert!(pointers("final", "final_assessment", &typed("Final", 7_000, Some(730))).is_empty());
        assert_eq!(pointers("risk", "module_quiz", &typed("Risk", 0, Some(730))), ["/certificate_days"]);
        assert_eq!(
            pointers("R", "quiz", &typed("", 10_001, Some(0))),
            ["/code", "/test_type", "/title", "/pass_bp", "/certificate_days"]
        );
        let patient = |pause| Typed { retry_pause_s: Some(pause), ..typed("Risk", 7_000, None) };
        for (pause, wrong) in [(0, false), (2_592_000, false), (-1, true), (2_592_001, true)] {
            assert_eq!(pointers("risk", "module_quiz", &patient(pause)) == ["/retry_pause_s"], wrong, "{pause}");
        }
    }
}
