//! Answers. In come a question, as it was pinned, and what was typed; out goes a checked answer, or what is wrong with it; and whether it
//! is right. Pure. Must not say more of what is right than that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::decimal;
use super::question::{Choice, Key, Kind};
use rerp_kit::problem::Mistakes;

/// An answer. In the database as `{"choices": […]}` or `{"value": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// These choices; none: what was chosen before was taken back.
    Choices(BTreeSet<String>),
    /// A number, as an integer of the question's last decimal place.
    Value(i64),
}

/// What an answer has to fit.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// How the question is answered.
    pub kind: Kind,
    /// What there is to choose.
    pub choices: &'a [Choice],
    /// Decimal places of a number.
    pub decimals: i16,
}

impl Answer {
    /// Checks what was typed. Refusals depend on the question only, never on what is right.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(asked: Asked<'_>, choices: Option<&[String]>, value: Option<&str>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let answer = match (asked.kind, choices, value) {
            (Kind::Numeric, None, Some(text)) => decimal::parse(text, asked.decimals).map(Self::Value),
            (Kind::SingleChoice | Kind::MultipleChoice, Some(named), None) => {
                let named: BTreeSet<String> = named.iter().cloned().collect();
                let known = named.iter().all(|id| asked.choices.iter().any(|choice| choice.id == *id));
                let few = asked.kind == Kind::MultipleChoice || named.len() <= 1;
                (known && few).then_some(Self::Choices(named))
            }
            _ => None,
        };
        if answer.is_none() {
            mistakes.add("/answer", wanted(asked));
        }
        mistakes.finish(answer.unwrap_or(Self::Value(0)))
    }

    /// Whether it is right.
    #[must_use]
    pub fn is_right(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Choices(named), Key::Choices(right)) => named == right,
            (Self::Value(value), Key::Value { exact, tolerance }) => {
                (i128::from(*value) - i128::from(*exact)).abs() <= i128::from(*tolerance)
            }
            _ => false,
        }
    }
}

fn wanted(asked: Asked<'_>) -> String {
    match asked.kind {
        Kind::SingleChoice => "must be `choices` with the id of one choice of the question, or none".to_owned(),
        Kind::MultipleChoice => "must be `choices` with ids of choices of the question".to_owned(),
        Kind::Numeric => format!("must be `value`, a decimal text with at most {} places", asked.decimals),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn an_answer_fits_its_question() {
        let choices: Vec<Choice> =
            ["a", "b"].map(|id| Choice { id: id.to_owned(), text: "text".to_owned() }).into_iter().collect();
        let new = |kind, ids: Option<&[&str]>, value| {
            let ids = ids.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
            Answer::new(Asked { kind, choices: &choices, decimals: 2 }, ids.as_deref(), value).ok()
        };
        assert_eq!(new(Kind::SingleChoice, Some(&["a"]), None), Some(Answer::Choices(set(&["a"]))));
        assert_eq!(new(Kind::SingleChoice, Some(&["a", "b"]), None), None);
        assert_eq!(new(Kind::MultipleChoice, Some(&["b", "a", "b"]), None), Some(Answer::Choices(set(&["a", "b"]))));
        assert_eq!(new(Kind::MultipleChoice, Some(&[]), None), Some(Answer::Choices(set(&[]))));
        assert_eq!(new(Kind::Numeric, None, Some("-1.5")), Some(Answer::Value(-150)));
        for (kind, ids, value) in [
            (Kind::SingleChoice, Some(&["c"][..]), None),
            (Kind::SingleChoice, None, Some("1")),
            (Kind::MultipleChoice, Some(&["a"][..]), Some("1")),
            (Kind::Numeric, None, Some("1.555")),
            (Kind::Numeric, Some(&["a"][..]), None),
            (Kind::Numeric, None, None),
        ] {
            assert_eq!(new(kind, ids, value), None, "{kind:?} {ids:?} {value:?}");
        }
    }

    #[test]
    fn right_is_all_of_it_or_near_enough() {
        let ab = Key::Choices(set(&["a", "b"]));
        for (named, right) in
            [(&["a", "b"][..], true), (&["a"][..], false), (&["a", "b", "c"][..], false), (&[][..], false)]
        {
            assert_eq!(Answer::Choices(set(named)).is_right(&ab), right, "{named:?}");
        }
        let near = Key::Value { exact: 100, tolerance: 5 };
        for (value, right) in [(95, true), (105, true), (94, false), (106, false), (i64::MIN, false)] {
            assert_eq!(Answer::Value(value).is_right(&near), right, "{value}");
        }
        assert!(!Answer::Value(100).is_right(&ab) && !Answer::Choices(set(&["a"])).is_right(&near));
        let exact = Key::Value { exact: i64::MAX, tolerance: 0 };
        assert!(Answer::Value(i64::MAX).is_right(&exact) && !Answer::Value(i64::MIN).is_right(&exact));
    }
}
