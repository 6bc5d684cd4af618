//! Where Debian packages come from: this machine's own apt sources, in both formats, so that a mirror, a proxy or a snapshot that a
//! person set up is used for images too. No address is known here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names a Debian mirror has its suites under; they tell a Debian mirror from an Ubuntu or a vendor's one.
const DEBIAN_SUITES: [&str; 11] =
    ["buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldstable", "stable", "testing", "unstable"];

/// One usable source.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    uri: String,
    suite: String,
    /// `signed-by` and `trusted`, as they stand in the file.
    options: BTreeMap<String, String>,
}

/// Lines for `suite` in the one-line format, from what `etc_apt` (usually `/etc/apt`) is set up with. Empty when no Debian mirror is.
pub(crate) fn lines(etc_apt: &Path, suite: &str) -> Vec<String> {
    let sources = read(etc_apt);
    // Vendors use Debian's suite names too; the usual path of a mirror decides where there is a choice.
    let best = |suffixes: &[&str]| {
        let fits = |source: &&Source| {
            DEBIAN_SUITES
                .iter()
                .any(|name| source.suite.strip_prefix(name).is_some_and(|rest| suffixes.contains(&rest)))
        };
        sources.iter().filter(fits).min_by_key(|source| !source.uri.contains("debian"))
    };
    let Some(main) = best(&["", "-updates"]) else { return Vec::new() };
    let fixes = best(&["-security", "/updates"]).map(|source| source.line(&format!("{suite}-security")));
    std::iter::once(main.line(suite)).chain(fixes).collect()
}

impl Source {
    fn line(&self, suite: &str) -> String {
        let options: Vec<String> = self.options.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let options = if options.is_empty() { String::new() } else { format!("[{}] ", options.join(" ")) };
        format!("deb {options}{} {suite} main", self.uri)
    }
}

fn read(etc_apt: &Path) -> Vec<Source> {
    let mut files: Vec<PathBuf> = fs::read_dir(etc_apt.join("sources.list.d"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.push(etc_apt.join("sources.list"));
    files.sort();
    let mut sources = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap_or_default();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(text.lines().filter_map(one_line)),
            Some("sources") => sources.extend(deb822(&text)),
            _ => {}
        }
    }
    sources
}

/// `deb [signed-by=/k.gpg] http://mirror/debian bookworm main`.
fn one_line(line: &str) -> Option<Source> {
    let rest = line.trim().strip_prefix("deb ")?.trim_start();
    let (options, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((options, rest)) => (options, rest),
        None => ("", rest),
    };
    let options = options
        .split_whitespace()
        .filter_map(|option| option.split_once('='))
        .map(|(key, value)| (key.to_lowercase(), value.to_owned()));
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?.to_owned(), words.next()?.to_owned());
    words.any(|component| component == "main").then(|| Source { uri, suite, options: kept(options) })
}

/// The format of `*.sources`: paragraphs of `Key: values`, continued on indented lines.
fn deb822(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for paragraph in text.split("\n\n") {
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut last = String::new();
        for line in paragraph.lines().filter(|line| !line.trim_start().starts_with('#')) {
            if line.starts_with([' ', '\t']) {
                if let Some(value) = fields.get_mut(&last) {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((key, value)) = line.split_once(':') {
                last = key.trim().to_lowercase();
                fields.insert(last.clone(), value.trim().to_owned());
            }
        }
        let field = |key: &str| fields.get(key).map(String::as_str).unwrap_or_default();
        let has = |key: &str, word: &str| field(key).split_whitespace().any(|found| found == word);
        if field("enabled") == "no" || !has("types", "deb") || !has("components", "main") {
            continue;
        }
        let options = kept(["signed-by", "trusted"].map(|key| (key.to_owned(), field(key).to_owned())).into_iter());
        for suite in field("suites").split_whitespace() {
            if let Some(uri) = field("uris").split_whitespace().next() {
                sources.push(Source { uri: uri.to_owned(), suite: suite.to_owned(), options: options.clone() });
            }
        }
    }
    sources
}

/// A key inside the file instead of a path can't go on one line; then the machine's keyrings must do.
fn kept(options: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    options
        .filter(|(key, value)| {
            (key == "trusted" && !value.is_empty()) || (key == "signed-by" && value.starts_with('/'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etc(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sources.list.d")).unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn the_old_format_with_options() {
        let list = "# comment\ndeb-src http://m/debian bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://m/debian bookworm main\n\
                    deb http://s/sec bookworm-security main\n";
        let dir = etc(&[("sources.list", list)]);
        assert_eq!(
            lines(dir.path(), "trixie"),
            ["deb [signed-by=/k.gpg] http://m/debian trixie main", "deb http://s/sec trixie-security main"]
        );
    }

    #[test]
    fn the_new_format_with_comments_and_several_suites() {
        let text = "Types: deb\n# a note\nURIs: http://m/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /k.gpg\n\n\
                    Types: deb\nURIs: http://s/sec\nSuites: trixie-security\nComponents: main\n";
        let dir = etc(&[("sources.list.d/debian.sources", text)]);
        assert_eq!(
            lines(dir.path(), "trixie"),
            ["deb [signed-by=/k.gpg] http://m/debian trixie main", "deb http://s/sec trixie-security main"]
        );
    }

    #[test]
    fn vendors_and_disabled_sources_are_no_mirrors() {
        let text = "Enabled: no\nTypes: deb\nURIs: http://off/debian\nSuites: trixie\nComponents: main\n\n\
                    Types: deb\nURIs: http://vendor/\nSuites: nodistro\nComponents: main\nSigned-By:\n -----BEGIN\n";
        let list = "deb https://u/ubuntu noble main\ndeb https://d/linux/debian bookworm stable\ndeb https://p/ bookworm-pgdg main\n";
        let dir = etc(&[("sources.list.d/a.sources", text), ("sources.list.d/b.list", list)]);
        assert!(lines(dir.path(), "trixie").is_empty());
    }
}
