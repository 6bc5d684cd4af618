//! The real apiserver refuses bad specs with advice, and accepts the samples.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use rerp_e2e::{Kubectl, TestResult};

fn files(folder: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(&root).map_err(|e| format!("{}: {e}", root.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The advice a file expects: the text after `# expect:` in its first lines.
fn expected(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("# expect: ")).map(str::trim)
}

#[test]
fn bad_specs_are_refused_with_advice() -> TestResult {
    let kubectl = Kubectl::from_env()?;
    let all = files("crds/tests/bad")?;
    assert!(all.len() >= 20, "only {} bad specs", all.len());
    let mut wrong = Vec::new();
    for path in all {
        let text = fs::read_to_string(&path)?;
        let advice = expected(&text).ok_or_else(|| format!("{}: no `# expect:` line", path.display()))?;
        let answer = kubectl.run_with(&["create", "--dry-run=server", "-n", "default", "-f", "-"], Some(&text));
        match answer {
            Ok(said) => wrong.push(format!("{} was accepted: {said}", path.display())),
            Err(refused) if refused.to_string().contains(advice) => {}
            Err(refused) => wrong.push(format!("{}: expected `{advice}`, got: {refused}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
