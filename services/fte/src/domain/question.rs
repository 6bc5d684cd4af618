//! Questions and what is right. In come texts and numbers of a request; out go a checked question and its key, apart from each other, or
//! what is wrong. Pure. Must not print keys: a key has no `Debug`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decimal;
use rerp_kit::problem::Mistakes;

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "QuestionKind")]
pub enum Kind {
    /// One of several choices.
    SingleChoice,
    /// Any of several choices; right if all of the right ones are named and no other.
    MultipleChoice,
    /// A number.
    Numeric,
}

impl Kind {
    const ALL: [Self; 3] = [Self::SingleChoice, Self::MultipleChoice, Self::Numeric];

    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleChoice => "single_choice",
            Self::MultipleChoice => "multiple_choice",
            Self::Numeric => "numeric",
        }
    }
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name in answers.
    #[schemars(length(min = 1, max = 20))]
    pub id: String,
    /// For people.
    #[schemars(length(min = 1, max = 1_000))]
    pub text: String,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// How it is answered.
    pub kind: Kind,
    /// For people.
    pub prompt: String,
    /// What there is to choose; nothing for a number.
    pub choices: Vec<Choice>,
    /// Decimal places of a number.
    pub decimals: i16,
    /// Points of a right answer.
    pub points: i32,
    /// What the points are multiplied by.
    pub weight: i32,
}

/// What is right. In the database as `{"choices": […]}` or `{"value": {"exact": …, "tolerance": …}}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// Exactly these.
    Choices(BTreeSet<String>),
    /// A number near enough; both are integers of the question's last decimal place.
    Value {
        /// The number.
        exact: i64,
        /// How far off is still right.
        tolerance: i64,
    },
}

/// What was typed of what is right.
pub struct TypedKey<'a> {
    /// Names of choices.
    pub choices: Option<&'a [String]>,
    /// A decimal text.
    pub value: Option<&'a str>,
    /// A decimal text; nothing for exactly.
    pub tolerance: Option<&'a str>,
}

/// What was typed of a question.
pub struct Typed<'a> {
    /// A kind's name.
    pub kind: &'a str,
    /// For people.
    pub prompt: &'a str,
    /// What there is to choose.
    pub choices: &'a [Choice],
    /// Decimal places.
    pub decimals: i32,
    /// Points of a right answer.
    pub points: i32,
    /// What they are multiplied by.
    pub weight: i32,
    /// What is right.
    pub correct: TypedKey<'a>,
}

/// Checks what was typed.
///
/// # Errors
/// Every mistake in it.
pub fn check(typed: &Typed<'_>) -> Result<(Question, Key), Mistakes> {
    let mut mistakes = Mistakes::default();
    let kind = Kind::parse(typed.kind).unwrap_or_else(|| {
        mistakes.add("/kind", "must be `single_choice`, `multiple_choice` or `numeric`");
        Kind::Numeric
    });
    let most = if kind == Kind::Numeric { i32::from(decimal::MOST) } else { 0 };
    let question = Question {
        kind,
        prompt: mistakes.text("/prompt", typed.prompt, 10_000),
        choices: choices(kind, typed.choices, &mut mistakes),
        decimals: i16::try_from(mistakes.number("/decimals", typed.decimals, 0..=most)).unwrap_or_default(),
        points: mistakes.number("/points", typed.points, 1..=1_000),
        weight: mistakes.number("/weight", typed.weight, 1..=100),
    };
    let key = match kind {
        Kind::Numeric => number(&question, &typed.correct, &mut mistakes),
        Kind::SingleChoice | Kind::MultipleChoice => named(&question, &typed.correct, &mut mistakes),
    };
    mistakes.finish((question, key))
}

fn choices(kind: Kind, typed: &[Choice], mistakes: &mut Mistakes) -> Vec<Choice> {
    if kind == Kind::Numeric {
        if !typed.is_empty() {
            mistakes.add("/choices", "must be left out: the answer is a number");
        }
        return Vec::new();
    }
    let ids: BTreeSet<&str> = typed.iter().map(|choice| choice.id.trim()).collect();
    if !(2..=20).contains(&typed.len()) || ids.len() != typed.len() {
        mistakes.add("/choices", "must be 2 to 20, each with an `id` of its own");
    }
    let read = |choice: &Choice| Choice {
        id: mistakes.line("/choices", &choice.id, 20),
        text: mistakes.line("/choices", &choice.text, 1_000),
    };
    typed.iter().map(read).collect()
}

fn named(question: &Question, typed: &TypedKey<'_>, mistakes: &mut Mistakes) -> Key {
    let right: BTreeSet<String> = typed.choices.unwrap_or_default().iter().cloned().collect();
    let one = question.kind == Kind::SingleChoice;
    if right.is_empty() || (one && right.len() != 1) {
        mistakes.add("/correct/choices", if one { "must name one choice" } else { "must name at least one choice" });
    } else if !right.iter().all(|id| question.choices.iter().any(|choice| choice.id == *id)) {
        mistakes.add("/correct/choices", "must name choices of the question");
    }
    if typed.value.is_some() || typed.tolerance.is_some() {
        mistakes.add("/correct/value", "must be left out: choices are the answer");
    }
    Key::Choices(right)
}

fn number(question: &Question, typed: &TypedKey<'_>, mistakes: &mut Mistakes) -> Key {
    let exact = typed.value.and_then(|text| decimal::parse(text, question.decimals));
    if exact.is_none() {
        mistakes.add("/correct/value", "must be a decimal text with no more places than `decimals`");
    }
    let tolerance = decimal::parse(typed.tolerance.unwrap_or("0"), question.decimals).filter(|off| *off >= 0);
    if tolerance.is_none() {
        mistakes.add("/correct/tolerance", "must be a decimal text, not negative, with no more places than `decimals`");
    }
    if typed.choices.is_some() {
        mistakes.add("/correct/choices", "must be left out: the answer is a number");
    }
    Key::Value { exact: exact.unwrap_or_default(), tolerance: tolerance.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(id: &str) -> Choice {
        Choice { id: id.to_owned(), text: format!("Text of {id}") }
    }

    fn pointers(kind: &str, choices: &[Choice], decimals: i32, correct: TypedKey<'_>) -> Vec<String> {
        let typed = Typed { kind, prompt: "Why?", choices, decimals, points: 5, weight: 1, correct };
        let mistakes = check(&typed).err().unwrap_or_default().0;
        mistakes.into_iter().map(|mistake| mistake.pointer.into_owned()).collect()
    }

    fn of(ids: &[String]) -> TypedKey<'_> {
        TypedKey { choices: Some(ids), value: None, tolerance: None }
    }

    #[test]
    fn a_key_must_fit_its_question() {
        let ab = [choice("a"), choice("b")];
        let [a, b, c] = ["a", "b", "c"].map(str::to_owned);
        assert!(pointers("single_choice", &ab, 0, of(std::slice::from_ref(&a))).is_empty());
        assert!(pointers("multiple_choice", &ab, 0, of(&[a.clone(), b.clone()])).is_empty());
        for wrong in [vec![], vec![a.clone(), b.clone()], vec![c.clone()]] {
            assert_eq!(pointers("single_choice", &ab, 0, of(&wrong)), ["/correct/choices"]);
        }
        assert_eq!(pointers("multiple_choice", &ab, 0, of(&[a.clone(), c])), ["/correct/choices"]);
        assert_eq!(pointers("single_choice", &[choice("a"), choice("a")], 0, of(&[a])), ["/choices"]);
        let number = |value, tolerance| TypedKey { choices: None, value, tolerance };
        assert!(pointers("numeric", &[], 2, number(Some("-12.5"), None)).is_empty());
        assert_eq!(
            pointers("numeric", &[], 0, number(Some("12.5"), Some("-1"))),
            ["/correct/value", "/correct/tolerance"]
        );
        assert_eq!(pointers("numeric", &ab, 9, number(Some("1"), None))[..2], ["/choices", "/decimals"]);
        assert_eq!(pointers("essay", &[], 0, number(Some("1"), None)), ["/kind"]);
    }

    #[test]
    fn keys_are_stored_as_the_migration_says() {
        let key = Key::Value { exact: 125, tolerance: 5 };
        assert_eq!(serde_json::to_string(&key).unwrap(), r#"{"value":{"exact":125,"tolerance":5}}"#);
        let key = Key::Choices(BTreeSet::from(["a".to_owned()]));
        assert_eq!(serde_json::to_string(&key).unwrap(), r#"{"choices":["a"]}"#);
    }
}
