//! A service and its OpenAPI document: that the document is the one that is checked in, and that the service does what it says. In: the service's
//! description, and its door. Out: nothing, or what differs. The crate has `doors.rs` and `front.rs` beside it as modules of their own.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, reason = "each test binary includes this as a private module")]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rerp_kit::access::{Assurance, May, Place, Rule};
use rerp_kit::openapi::Api;
use rerp_kit::problem::catalogue;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use crate::doors::{Doors, Who};
use crate::front::Front;

/// Where documents are checked in.
const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi");
/// How schemathesis asks, and a check of ours.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../kit/tests/openapi");
/// Names the program.
const PROGRAM: &str = "RERP_SCHEMATHESIS";
/// So that every run asks the same.
const SEED: &str = "5";
/// What hangs is a failure too.
const LONGEST: Duration = Duration::from_secs(8 * 60);

/// Every route is described, and the document is the one that is checked in.
pub fn is_as_checked_in(api: &Api) {
    assert_eq!(api.strays(), Vec::<String>::new(), "every route has a description, and each description a route");
    let path = format!("{DOCUMENTS}/{}.json", api.service);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (mut differing, there) = (Vec::new(), serde_json::from_str(&text).unwrap_or(Value::Null));
    compare(&api.document(), &there, "", &mut differing);
    assert!(
        differing.is_empty(),
        "docs/openapi/{}.json differs from the code at {differing:#?}\nrun `cargo xtask generate` and commit the result",
        api.service
    );
}

/// Where two documents differ, as JSON pointers.
fn compare(one: &Value, other: &Value, at: &str, differing: &mut Vec<String>) {
    let (Value::Object(fields), Value::Object(others)) = (one, other) else {
        if one != other {
            differing.push(if at.is_empty() { "the whole".to_owned() } else { at.to_owned() });
        }
        return;
    };
    for (name, field) in fields {
        let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        compare(field, others.get(name).unwrap_or(&Value::Null), &at, differing);
    }
    let gone = others.keys().filter(|name| !fields.contains_key(*name));
    differing.extend(gone.map(|name| format!("{at}/{name} (not in the code)")));
}

/// Asks the service behind these doors all that schemathesis thinks of, in every phase, as staff and as nobody. Every route is asked, and most have something
/// to give.
pub async fn holds(api: &Api, doors: Doors) {
    let (told, page) = asked(api, doors, Who::Staff(Assurance::Second)).await;
    let paths: Vec<&str> = api.rules.iter().filter_map(path).collect();
    let answered = |path: &str, status: &str| answered(&page, path, status);
    let unasked: Vec<_> = paths.iter().filter(|path| !answered(path, "")).collect();
    assert!(unasked.is_empty(), "nobody has asked for {unasked:?}\n{told}");
    let given = paths.iter().filter(|path| answered(path, "2")).count();
    assert!(given * 2 > paths.len(), "only {given} of {} routes had something to give\n{told}", paths.len());
}

/// The same as a person, to whom most of what is made up isn't there or isn't for: what they may not have is answered as the document says, and what is theirs is given.
pub async fn holds_for(api: &Api, doors: Doors, person: Uuid) {
    let (told, page) = asked(api, doors, Who::Person(person)).await;
    let mut theirs = api.rules.iter().filter(|rule| rule.may == May::Person).filter_map(path);
    assert!(theirs.any(|path| answered(&page, path, "2")), "nothing was this person's\n{told}");
}

/// What schemathesis said, and the service's numbers.
async fn asked(api: &Api, doors: Doors, who: Who) -> (String, String) {
    let program = std::env::var(PROGRAM)
        .unwrap_or_else(|_| panic!("{PROGRAM} is not set: run `cargo xtask test --only openapi`, which installs it"));
    let metrics = doors.metrics.clone();
    let front = Front::before(doors, who, api.rules).await;
    let dir = tempfile::tempdir().unwrap();
    let output = timeout(LONGEST, run(&program, &front, api, dir.path())).await.expect("schemathesis to end");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{told}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the {} and its document disagree as {who:?}:\n{told}\n{errors}", api.service);
    (told, metrics.page().unwrap())
}

/// Whether a route has answered with a status that begins so.
fn answered(page: &str, path: &str, status: &str) -> bool {
    let (route, status) = (format!("route=\"{path}\""), format!("status=\"{status}"));
    page.lines().any(|line| line.contains(&route) && line.contains(&status))
}

async fn run(program: &str, front: &Front, api: &Api, dir: &Path) -> std::process::Output {
    fs::write(dir.join("openapi.json"), api.text()).unwrap();
    let kinds: Vec<String> = catalogue::ALL.iter().map(|kind| format!("{}{}", catalogue::BASE, kind.slug)).collect();
    fs::write(dir.join("problems.json"), serde_json::to_vec(&kinds).unwrap()).unwrap();
    let mut command = Command::new(program);
    // What it keeps for itself is gone with the folder.
    command.current_dir(dir).kill_on_drop(true).stdin(Stdio::null());
    command.env("PYTHONPATH", FOLDER).env("SCHEMATHESIS_HOOKS", "problems").env("NO_PROXY", "127.0.0.1");
    command.env("RERP_PROBLEMS", dir.join("problems.json")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["--config-file", &format!("{FOLDER}/schemathesis.toml"), "--no-color", "run", "openapi.json"]);
    command.args(["--url", &format!("http://{}", front.at), "--workers", "1", "--seed", SEED]);
    command.args(["--phases", "examples,coverage,fuzzing,stateful"]);
    command.output().await.unwrap_or_else(|error| panic!("{PROGRAM}={program} can't be started: {error}"))
}

fn path(rule: &Rule) -> Option<&'static str> {
    if let Place::Route(_, path) = rule.place { Some(path) } else { None }
}
