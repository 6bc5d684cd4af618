//! Tables as text (RFC 4180) that a spreadsheet can't be made to run. In come cells; out go lines. Pure.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula, also in quotes; visitors choose what cells hold. Such
//! a cell gets an apostrophe in front, which spreadsheets don't show (OWASP, CSV Injection). Wide forms of the signs count too: some programs
//! treat them alike.

/// A line. Every cell is in quotes; one without a value is empty.
pub fn line<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut line = String::new();
    for cell in cells {
        if !line.is_empty() {
            line.push(',');
        }
        line.push('"');
        let cell = cell.unwrap_or_default();
        if cell.starts_with(is_formula) {
            line.push('\'');
        }
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

fn is_formula(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_a_missing_one_is_empty() {
        assert_eq!(
            line([Some("a"), None, Some("say \"hi\", you\nthere")]),
            "\"a\",\"\",\"say \"\"hi\"\", you\nthere\"\r\n"
        );
    }

    #[test]
    fn nothing_is_run() {
        for text in ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=HYPERLINK(\"http://evil.example\")"] {
            assert!(line([Some(text)]).starts_with("\"'"), "{text}");
        }
        assert_eq!(line([Some("a=b"), Some("'='")]), "\"a=b\",\"'='\"\r\n");
    }
}
