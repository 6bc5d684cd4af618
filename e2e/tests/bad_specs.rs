//! The real apiserver refuses every bad object that the rules' own tests refuse, with the same advice, and accepts the good ones.
// The cases' reader may panic as tests do; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use rerp_e2e::{TestNamespace, TestResult, eventually};
use serde_json::{Value, json};

#[path = "../../crds/tests/support/mod.rs"]
mod support;
use support::{Case, File};

/// What is wrong with the apiserver's answer to a case; none if it refused with the advice.
///
/// kubectl's `replace` reads the object's version and writes with it. The operator writes status to the same object meanwhile,
/// and then the apiserver answers with a conflict before it looks at the rules: such an answer says nothing and is asked again.
fn judge(ns: &TestNamespace, file: &File, case: &Case) -> Option<String> {
    let verb = if case.update { "replace" } else { "create" };
    let object = placed(ns, file.object(case)).to_string();
    eventually(20, &case.name, || match ns.run_with(&[verb, "--dry-run=server", "-f", "-"], &object) {
        Ok(said) => Ok(Some(format!("{}: accepted: {said}", case.name))),
        Err(refused) if refused.to_string().contains(&case.expect) => Ok(None),
        Err(refused) if refused.is_conflict() => Err(refused.to_string()),
        Err(refused) => Ok(Some(format!("{}: expected `{}`, got: {refused}", case.name, case.expect))),
    })
    .unwrap_or_else(|never| Some(never.to_string()))
}

fn placed(ns: &TestNamespace, mut object: Value) -> Value {
    object["metadata"]["namespace"] = json!(ns.name());
    object
}

#[test]
fn bad_specs_are_refused_with_advice() -> TestResult {
    TestNamespace::run_test("bad-specs", |ns| {
        let files = support::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/tests/bad"));
        let mut wrong = Vec::new();
        let mut cases = 0;
        for (name, file) in &files {
            let base = placed(ns, file.base.clone()).to_string();
            ns.run_with(&["create", "-f", "-"], &base)?;
            wrong.extend(
                file.cases.iter().filter(|c| c.update && !c.needs_status).filter_map(|case| judge(ns, file, case)),
            );
            ns.run_with(&["delete", "-f", "-", "--timeout=60s"], &base)?;
            wrong.extend(file.cases.iter().filter(|c| !c.update).filter_map(|case| judge(ns, file, case)));
            cases += file.cases.len();
            println!("{name}: {} cases", file.cases.len());
        }
        assert!(cases >= 60, "only {cases} cases");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    })
}
