//! Files and functions short enough to read at one sitting. In: the files git knows. Out: those that are too long. Functions in Rust are
//! clippy's business (`too-many-lines-threshold` in clippy.toml); it has no word for Go.

use std::fs;
use std::path::Path;

use super::Error;
use crate::command::Cmd;

/// Lines of a file; the median is near 130.
const FILE: usize = 300;
/// What a longer file says in its header, with the reason after it: a table or a list of cases that only gets harder to read in parts.
const REASON: &str = "//! Long because ";
/// Lines of a function.
const FUNCTION: usize = 60;

/// Names what is too long.
pub(crate) fn check(root: &Path) -> Result<(), Error> {
    // Files that are not committed yet count too, but not what git ignores.
    let args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs", "*.go", "*.sh", "*.sql"];
    let names = Cmd::new("git").args(args).dir(root).quiet()?;
    let mut long = Vec::new();
    for name in names.lines() {
        // Deleted but not yet committed.
        let Ok(text) = fs::read_to_string(root.join(name)) else { continue };
        let lines = text.lines().count();
        if lines > FILE && !text.lines().any(|line| line.starts_with(REASON)) {
            long.push(format!("{name} has {lines} lines, {FILE} is the limit"));
        }
        if name.ends_with(".go") {
            long.extend(
                long_functions(&text)
                    .map(|(function, lines)| format!("{name}: {function} has {lines} lines, {FUNCTION} is the limit")),
            );
        }
    }
    if long.is_empty() { Ok(()) } else { Err(Error::Found(format!("too long to read:\n{}", long.join("\n")))) }
}

/// Functions at the top level of a Go file: from `func` at the start of a line to `}` at the start of a line, as gofmt leaves them.
fn long_functions(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut open: Option<(&str, usize)> = None;
    text.lines().enumerate().filter_map(move |(number, line)| {
        if line.starts_with("func ") {
            open = Some((line.trim_end_matches(" {"), number));
        }
        let (name, start) = open.filter(|_| line == "}")?;
        open = None;
        Some((name, number - start - 1)).filter(|(_, lines)| *lines > FUNCTION)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_long_function_is_named() {
        let body = "\tx()\n".repeat(61);
        let text = format!("package a\n\nfunc short() {{\n\tx()\n}}\n\nfunc long() {{\n{body}}}\n");
        assert_eq!(long_functions(&text).collect::<Vec<_>>(), [("func long()", 61)]);
    }
}
