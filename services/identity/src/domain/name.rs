//! What a person is called. In come texts of a request; out go checked ones, or what is wrong with them. Pure. Must not be printed: it is personal data.

use rerp_kit::problem::Mistakes;
use serde::Serialize;

/// Longest given or family name, in characters: the longest on record are beyond it, and none that a passport holds.
const LONGEST: usize = 200;
/// Longest name for signing in.
const LONGEST_USERNAME: usize = 64;

/// Names as typed. All of them may be missing.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// Given name.
    pub first_name: Option<&'a str>,
    /// Family name.
    pub surname: Option<&'a str>,
    /// The name chosen for signing in.
    pub username: Option<&'a str>,
}

/// What a person is called.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Names {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub surname: Option<String>,
    /// The name chosen for signing in: letters, digits, `-`, `_` and `.`, small ones.
    pub username: Option<String>,
}

impl Names {
    /// Checks what was typed; mistakes are added to those that are there.
    pub fn read(typed: Typed<'_>, mistakes: &mut Mistakes) -> Self {
        // Too much of nothing is too much.
        let is_given = |text: &&str| !text.trim().is_empty() || text.chars().count() > LONGEST_USERNAME;
        let username = typed.username.filter(is_given);
        Self {
            first_name: mistakes.optional_line("/first_name", typed.first_name, LONGEST),
            surname: mistakes.optional_line("/surname", typed.surname, LONGEST),
            username: username.map(|text| mistakes.word("/username", text, LONGEST_USERNAME).to_ascii_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(first_name: &str, username: &str) -> (Names, Vec<String>) {
        let typed = Typed { first_name: Some(first_name), surname: None, username: Some(username) };
        let mut mistakes = Mistakes::default();
        let names = Names::read(typed, &mut mistakes);
        (names, mistakes.0.into_iter().map(|mistake| mistake.pointer.into_owned()).collect())
    }

    #[test]
    fn names_are_lines_and_may_be_missing() {
        let (names, wrong) = read("  Ann O'Brien-Lee ", " Ann.O ");
        assert!(wrong.is_empty());
        assert_eq!((names.first_name.as_deref(), names.username.as_deref()), (Some("Ann O'Brien-Lee"), Some("ann.o")));
        let (names, wrong) = read(" ", "");
        assert!(wrong.is_empty() && names.first_name.is_none() && names.username.is_none());
        assert_eq!(read("a\nb", "ann o").1, ["/first_name", "/username"]);
        assert_eq!(read("", &" ".repeat(LONGEST_USERNAME + 1)).1, ["/username"]);
    }
}
