//! Licences of what goes into an image from a Go module. In: the module's folder, the licences that `deny.toml` allows. Out: the modules that
//! break a rule. A module says what it is under in a text and in no field, so the texts are known by sentences that only they have.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::Error;
use crate::install;

/// Sentences by which a licence is known.
const KNOWN: [(&str, &str); 5] = [
    ("Apache-2.0", "Apache License Version 2.0, January 2004"),
    ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD-3-Clause", "Redistribution and use in source and binary forms"),
    ("ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("MPL-2.0", "Mozilla Public License Version 2.0"),
];

/// One line for each module in `folder`'s programs that has no licence of the list.
pub(super) fn broken(folder: &Path, allowed: &[String]) -> Result<Vec<String>, Error> {
    let format = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}";
    let list = install::go()?.args(["list", "-deps", "-f", format, "./cmd/..."]).dir(folder).quiet()?;
    let modules: BTreeSet<&str> = list.lines().filter(|line| !line.is_empty()).collect();
    let mut broken = Vec::new();
    for module in modules {
        let mut parts = module.split('\t');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let found = licences(Path::new(parts.next().unwrap_or_default()))?;
        let refused: Vec<&str> = found.iter().copied().filter(|one| !allowed.iter().any(|name| name == one)).collect();
        if found.is_empty() {
            broken.push(format!("{name} {version}: no licence that is known"));
        } else if !refused.is_empty() {
            broken.push(format!("{name} {version}: the licence {} is not in the list", refused.join(", ")));
        }
    }
    Ok(broken)
}

/// All licences that a module names: parts of it may be under another one than the rest.
fn licences(module: &Path) -> Result<Vec<&'static str>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(module)? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_uppercase();
        if path.is_file() && ["LICENSE", "LICENCE", "COPYING"].iter().any(|known| name.starts_with(known)) {
            found.extend(named(&fs::read_to_string(&path)?));
        }
    }
    Ok(found)
}

fn named(text: &str) -> Vec<&'static str> {
    // However the lines are broken.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    KNOWN.iter().filter(|(_, sentence)| text.contains(sentence)).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_known_however_its_lines_are_broken() {
        assert_eq!(named("  Apache License\n   Version 2.0, January 2004\n"), ["Apache-2.0"]);
        let both = "Permission is hereby granted, free of\ncharge, to any person obtaining a copy\n\nRedistribution and use in source\nand binary forms";
        assert_eq!(named(both), ["MIT", "BSD-3-Clause"]);
        assert!(named("All rights reserved.").is_empty());
    }

    #[test]
    fn a_folder_without_a_licence_has_none() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("README"), "Apache License Version 2.0, January 2004").unwrap();
        assert!(licences(dir.path()).unwrap().is_empty());
        fs::write(dir.path().join("LICENSE.txt"), "Mozilla Public License Version 2.0").unwrap();
        assert_eq!(licences(dir.path()).unwrap(), ["MPL-2.0"]);
    }
}
