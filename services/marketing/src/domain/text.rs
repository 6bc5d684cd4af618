//! Rules for texts that visitors type and nobody else does. Pure.

use rerp_kit::problem::Mistakes;

/// Longest name of a company in characters, as typed.
const COMPANY: usize = 500;

/// A company's name that may be left out; one without any letter or digit (`-`, `./.`) counts as left out, as forms with
/// a field that must be filled get it.
pub(super) fn company(mistakes: &mut Mistakes, pointer: &'static str, typed: Option<&str>) -> Option<String> {
    // Too long is told, whatever it is.
    let typed = typed.filter(|text| text.chars().any(char::is_alphanumeric) || text.chars().count() > COMPANY);
    mistakes.optional_prose(pointer, typed, COMPANY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_letter_is_none() {
        let mut mistakes = Mistakes::default();
        assert_eq!(company(&mut mistakes, "/company", Some(" ./. ")), None);
        assert_eq!(company(&mut mistakes, "/company", Some(" 3M ")), Some("3M".to_owned()));
        assert!(mistakes.finish(()).is_ok());
        let mut mistakes = Mistakes::default();
        let _ = company(&mut mistakes, "/company", Some(&"-".repeat(COMPANY + 1)));
        assert!(mistakes.finish(()).is_err());
    }
}
