//! What may be a dependency. In: `deny.toml` and cargo's description of the workspace. Out: the crates that break a rule. It reads the
//! licences, the bans and the rule that no crate comes from a git repository; known vulnerabilities need `cargo deny` and its database,
//! so they are not looked at here. Of the modules in Go it looks at those that go into an image.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Error, go_licences};
use crate::command;
use crate::progress::note;

/// Names the crates that break a rule.
pub(crate) fn check(root: &Path) -> Result<(), Error> {
    let rules = fs::read_to_string(root.join("deny.toml"))?;
    let (allowed, banned) = (strings(&rules, "licenses", "allow"), strings(&rules, "bans", "deny"));
    if allowed.is_empty() {
        return Err(Error::Found("deny.toml allows no licence at all; is its [licenses] section intact?".to_owned()));
    }
    let args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"];
    let workspace: Value = serde_json::from_str(&command::cargo().args(args).dir(root).quiet()?)?;
    let mut broken = Vec::new();
    let packages = workspace["packages"].as_array().cloned().unwrap_or_default();
    for package in &packages {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let (name, version, licence, source) = (text("name"), text("version"), text("license"), text("source"));
        if !permitted(licence, &allowed) {
            broken.push(format!("{name} {version}: the licence `{licence}` is not in the list"));
        }
        if banned.iter().any(|ban| ban == name) {
            broken.push(format!("{name} {version} is banned"));
        }
        // The workspace's own members have no source.
        if !source.is_empty() && !source.starts_with("registry+") {
            broken.push(format!("{name} {version} comes from {source}, not from the registry"));
        }
    }
    broken.extend(go_licences::broken(&root.join("bus"), &allowed)?);
    note(format!("{} crates: licences, bans and sources; known vulnerabilities were not looked up", packages.len()));
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Error::Found(format!("deny.toml does not allow:\n{}", broken.join("\n"))))
    }
}

/// The strings of `key = [ … ]` in a section of our own deny.toml; a reader for that file and no other.
fn strings(toml: &str, section: &str, key: &str) -> Vec<String> {
    let Some((_, rest)) = toml.split_once(&format!("\n[{section}]\n")) else { return Vec::new() };
    let body = rest.split("\n[").next().unwrap_or_default();
    let Some((_, list)) = body.split_once(&format!("{key} = [")) else { return Vec::new() };
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Evaluates an SPDX expression, and the older `A/B` for `A OR B`. AND binds stronger than OR.
fn permitted(licence: &str, allowed: &[String]) -> bool {
    let text = licence.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut rest = words.as_slice();
    !words.is_empty() && any(&mut rest, allowed) && rest.is_empty()
}

fn any(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut result = all(words, allowed);
    while words.first() == Some(&"OR") {
        *words = &words[1..];
        // Not short-circuited: the words have to be read in any case.
        result |= all(words, allowed);
    }
    result
}

fn all(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut result = single(words, allowed);
    while words.first() == Some(&"AND") {
        *words = &words[1..];
        result &= single(words, allowed);
    }
    result
}

fn single(words: &mut &[&str], allowed: &[String]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let result = any(words, allowed);
            *words = words.strip_prefix(&[")"]).unwrap_or_default();
            result
        }
        [name, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(&format!("{name} WITH {exception}"))
        }
        [name, rest @ ..] => {
            *words = rest;
            allowed.iter().any(|licence| licence == name)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(licence: &str) -> bool {
        permitted(licence, &["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned))
    }

    #[test]
    fn expressions_are_evaluated() {
        assert!(ok("MIT") && ok("GPL-3.0 OR MIT") && ok("MIT/Apache-2.0") && ok("Apache-2.0 / GPL-3.0"));
        assert!(ok("(MIT OR GPL-3.0) AND Unicode-3.0") && ok("Apache-2.0 WITH LLVM-exception"));
        assert!(!ok("GPL-3.0") && !ok("MIT AND GPL-3.0") && !ok("GPL-3.0 OR MIT AND GPL-2.0") && !ok(""));
        assert!(!ok("MIT WITH Something") && !ok("(MIT AND GPL-3.0) OR GPL-2.0"));
    }

    #[test]
    fn lists_are_read_from_their_section() {
        let toml = "# x\n[graph]\ntargets = [\"t\"]\n\n[licenses]\nallow = [\n  \"MIT\", # why\n  \"ISC\",\n]\n\n[bans]\ndeny = [\"openssl\"]\n";
        assert_eq!(strings(toml, "licenses", "allow"), ["MIT", "ISC"]);
        assert_eq!(strings(toml, "bans", "deny"), ["openssl"]);
        assert!(strings(toml, "licenses", "deny").is_empty());
    }
}
