//! The program as a person starts it: killed, stopped and taken over, with its exit codes, its events and its words.

use crate::support::eventually;
use crate::support::side::Side;
use crate::world::{LIMIT, World, catalog};
use rerp_split::failpoint::{GO, VARIABLE};
use rerp_split::phase::Phase;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// In both URLs; the servers trust everybody.
const SECRET: &str = "s3cret";

fn with_secret(side: &Side) -> String {
    side.url().replace("postgres@", &format!("postgres:{SECRET}@"))
}

/// The program without anything that a shell might add.
fn program(command: &str) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_rerp-split"));
    for name in ["RUST_LOG", "PGPASSWORD", "RERP_SOURCE_PASSWORD", "RERP_SOURCE_URL", "RERP_TARGET_URL", "RERP_PG_DUMP"]
    {
        process.env_remove(name);
    }
    process.arg(command).stdin(Stdio::null());
    process
}

/// With the schema and the target's roles said, and the source's left to its rights.
fn command(world: &World, command: &str, more: &[&str]) -> Command {
    let mut process = program(command);
    process.env("RERP_SOURCE_URL", with_secret(&world.source)).env("RERP_TARGET_URL", with_secret(&world.target));
    process.env("RERP_PG_DUMP", world.pg_dump());
    let roles = &world.target.roles;
    process.args(["--schema", "app", "--migration", &world.migration, "--target-owner", &roles.owner, "--no-way-back"]);
    process.args(["--target-role-app", &roles.app[0], "--target-role-read", &roles.read[0]]).args(more);
    process
}

async fn output(mut process: Command) -> (Output, String) {
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains(SECRET), "{text}");
    (output, text)
}

async fn code(process: Command) -> (Option<i32>, String) {
    let (output, text) = output(process).await;
    (output.status.code(), text)
}

/// Standard output as events.
fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn of<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

async fn end_of(child: &mut Child) -> Option<i32> {
    eventually("the program ends", LIMIT, || std::future::ready(child.try_wait().unwrap().is_some())).await;
    child.wait().unwrap().code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_is_killed_and_stopped_and_goes_on_to_the_end() {
    let world = World::new(2_000).await;
    let source = world.source.admin().await;

    let mut killed = command(&world, "run", &[]);
    killed.env(VARIABLE, "RangeCommitted=kill:2");
    let (output, text) = output(killed).await;
    assert_eq!(output.status.signal(), Some(9), "{text}");
    let owner = &world.source.roles.owner;
    assert!(text.contains(&format!("roles, by the rights on the source: {owner} owns")), "{text}");
    let (status, text) = code(command(&world, "status", &[])).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("Copy: ") && text.contains("the source owns the data; it may go on to Completed"), "{text}");
    let (refused, text) = code(command(&world, "run", &["--table", "email"])).await;
    assert_eq!(refused, Some(2), "{text}");
    assert!(text.contains("has been begun with other tables: ") && text.contains("Odd Näme, child, email"), "{text}");

    let seen = world.path("stopped.json");
    let mut stopped = command(&world, "run", &["--json"]);
    stopped.env(VARIABLE, "ConstraintsMade=wait").env(GO, world.path("never"));
    let mut child = stopped.stdout(File::create(&seen).unwrap()).stderr(Stdio::null()).spawn().unwrap();
    let reached = || async { std::fs::read_to_string(&seen).unwrap().contains("\"phase\":\"CatchUp\"") };
    eventually("indexes are built", LIMIT, reached).await;
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(end_of(&mut child).await, Some(7));
    let events = events(&std::fs::read_to_string(&seen).unwrap());
    let end = events.last().unwrap();
    assert_eq!((&end["event"], &end["exit"], &end["code"]), (&"end".into(), &"stopped".into(), &7.into()));
    assert!(end["message"].as_str().unwrap().contains("run the same command again"), "{end}");

    goes_on(&world).await;
    assert_eq!(world.status(&source).await.unwrap().phase, Phase::Completed);
    let (from, to) = world.contents().await;
    assert_eq!(from, to);
}

/// From CatchUp to the end, and what is left to do then.
async fn goes_on(world: &World) {
    let (output, text) = output(command(world, "run", &["--json"])).await;
    assert_eq!(output.status.code(), Some(0), "{text}");
    let all = events(&String::from_utf8_lossy(&output.stdout));
    assert_eq!((&all[0]["event"], &all[0]["command"]), (&"begin".into(), &"run".into()));
    assert!(
        all.iter().all(|event| event["migration"] == *world.migration && event["at"].as_str().unwrap().ends_with('Z'))
    );
    assert!(of(&all, "phase").iter().any(|event| event["phase"] == "Completed"), "{text}");
    assert!(of(&all, "table").iter().any(|event| event["name"] == "email" && event["state"] == "Streaming"), "{text}");
    assert!(of(&all, "compared").iter().any(|event| event["mismatches"] == 0 && event["coverage"] == 1.0), "{text}");
    let cutover = of(&all, "cutover");
    assert!(cutover.len() == 1 && cutover[0]["cutover"]["writePauseMs"].as_f64().unwrap() > 0.0, "{text}");
    assert_eq!((&all.last().unwrap()["event"], &all.last().unwrap()["exit"]), (&"end".into(), &"done".into()));

    let (again, text) = code(command(world, "run", &[])).await;
    assert_eq!(again, Some(0), "{text}");
    let told = text.matches("Completed: the target owns the data, nothing is left to do").count();
    assert_eq!(told, 2, "as a result and as progress: {text}");
    let (abort, text) = code(command(world, "abort", &[])).await;
    assert_eq!(abort, Some(2), "{text}");
    assert!(text.contains("the target owns the data of migration"), "{text}");
    let (same, text) = code(command(world, "verify", &[])).await;
    assert_eq!(same, Some(0), "{text}");
    let (output, text) = self::output(command(world, "status", &["--json"])).await;
    let all = events(&String::from_utf8_lossy(&output.stdout));
    let status = of(&all, "status");
    assert_eq!((&status[0]["phase"], &status[0]["sourceOwns"]), (&"Completed".into(), &false.into()), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_over_says_so_and_an_abort_leaves_nothing() {
    let world = World::new(50).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = (catalog(&source).await, catalog(&target).await);
    let (nothing, text) = code(command(&world, "status", &[])).await;
    assert_eq!(nothing, Some(2), "{text}");
    assert!(text.contains(&format!("there is no migration {} on the source", world.migration)), "{text}");
    let (planned, text) = output(command(&world, "plan", &["--json"])).await;
    let all = events(&String::from_utf8_lossy(&planned.stdout));
    assert!(of(&all, "statement").len() > 20 && of(&all, "plan")[0]["planHash"].is_string(), "{text}");

    let mut first = command(&world, "run", &[]);
    first.env(VARIABLE, "Inspected=wait").env(GO, world.path("never")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = first.spawn().unwrap();
    let begun = || async { world.status(&source).await.is_some_and(|status| status.phase == Phase::Preflight) };
    eventually("the first one is at work", LIMIT, begun).await;
    let (second, text) = code(command(&world, "run", &["--advance-to", "Preflight"])).await;
    assert_eq!(second, Some(0), "{text}");
    assert!(text.contains("`run` with a later --advance-to goes on"), "{text}");
    assert_eq!(end_of(&mut child).await, Some(6));

    let mut all = program("status");
    all.args(["--source", &world.source.url()]);
    let (listed, text) = code(all).await;
    assert_eq!((listed, text.contains(&format!("{}: Preflight, ", world.migration))), (Some(0), true), "{text}");
    for _ in 0..2 {
        let (aborted, text) = code(command(&world, "abort", &[])).await;
        assert_eq!(aborted, Some(0), "{text}");
        assert!(text.contains("nothing of the migration is left on either side"), "{text}");
        assert_eq!((catalog(&source).await, catalog(&target).await), before);
    }

    source.batch_execute(&format!("REVOKE DELETE ON app.email FROM {}", world.source.roles.app[0])).await.unwrap();
    let (unclear, text) = code(command(&world, "plan", &[])).await;
    assert_eq!(unclear, Some(2), "{text}");
    assert!(text.contains("it can't be told what these roles are for") && text.contains("--role-app"), "{text}");
    let (absent, text) = code(command(&world, "plan", &["--table", "nowhere"])).await;
    assert_eq!((absent, text.contains("schema app of the source holds no table")), (Some(2), true), "{text}");
}

/// Nobody listens on port 1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_what_can_not_be_is_told_what_to_do() {
    let url = format!("postgresql://u:{SECRET}@127.0.0.1:1/d");
    let urls = ["--source", url.as_str(), "--target", url.as_str(), "--schema", "app"];
    let odd = format!("u:{SECRET}=1@h/d");
    let cases: [(&str, Vec<&str>, i32, &str); 8] = [
        ("run", vec![], 2, "which schema? Give --schema"),
        (
            "run",
            vec!["--schema", "app"],
            2,
            "the source is missing: give its URL as --source or in the environment as RERP_SOURCE_URL",
        ),
        ("run", [&urls[..], &["--advance-to", "Aborted"]].concat(), 2, "write one of Preflight, Prepare, Copy"),
        ("run", [&urls[..], &[url.as_str()]].concat(), 2, "unexpected argument 'postgresql://…@127.0.0.1:1/d'"),
        ("run", [&urls[..], &["--migration", "No"]].concat(), 2, "must be 1 to 16 of a-z and 0-9"),
        (
            "plan",
            vec!["--schema", "app", "--source", &odd, "--target", &url],
            2,
            "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        ),
        ("run", urls.to_vec(), 1, "see whether the server runs, and host and port in the URL"),
        ("verify", urls.to_vec(), 5, "could not verify"),
    ];
    for (name, more, expected, part) in cases {
        let mut process = program(name);
        process.args(&more);
        let (ended, text) = code(process).await;
        assert_eq!(ended, Some(expected), "{name} {more:?}: {text}");
        assert!(text.contains(part), "{name} {more:?}: {text}");
    }
    let mut help = program("--help");
    help.env("RERP_SOURCE_URL", &url);
    let (helped, text) = code(help).await;
    assert_eq!(helped, Some(0));
    assert!(text.contains("5  not-verified") && text.contains("abort"), "{text}");
}

/// A server that asks for the password in clear text, and what it is told.
fn asked(listener: &TcpListener) -> String {
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let mut message = |tagged: bool| {
        let mut head = vec![0; if tagged { 5 } else { 4 }];
        socket.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
        let mut body = vec![0; length as usize - 4];
        socket.read_exact(&mut body).unwrap();
        if !tagged {
            socket.write_all(b"R\0\0\0\x08\0\0\0\x03").unwrap();
        }
        body
    };
    message(false);
    String::from_utf8(message(true)).unwrap().trim_end_matches('\0').to_owned()
}

#[test]
fn a_password_comes_from_the_url_or_else_from_the_environment() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = |login: &str, environment: &[(&str, &str)]| {
        let mut process = program("status");
        process.args(["--source", &format!("postgresql://{login}@127.0.0.1:{port}/d?sslmode=disable")]);
        process.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = process.spawn().unwrap();
        let told = asked(&listener);
        assert_eq!(child.wait().unwrap().code(), Some(1));
        told
    };
    let both = [("PGPASSWORD", "everywhere"), ("RERP_SOURCE_PASSWORD", "there")];
    assert_eq!(told("u", &both[..1]), "everywhere");
    assert_eq!(told("u", &both), "there");
    assert_eq!(told("u:own", &both), "own");
}

/// A second signal doesn't wait for what the first one waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_at_once() {
    let world = World::new(10).await;
    let mut process = command(&world, "run", &["--advance-to", "Preflight"]);
    // Around a phase nothing listens for the first.
    process.env(VARIABLE, "Preflight.before=wait").env(GO, world.path("never"));
    let mut child = process.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let source = world.source.admin().await;
    let begun = || async { world.status(&source).await.is_some_and(|status| status.phase == Phase::Preflight) };
    eventually("it waits", LIMIT, begun).await;
    let pid = Pid::from_child(&child);
    let ended = || {
        let _ = kill_process(pid, Signal::TERM);
        std::future::ready(child.try_wait().unwrap().is_some())
    };
    eventually("it ends", Duration::from_secs(30), ended).await;
    assert_eq!(child.wait().unwrap().code(), Some(7));
    world.succeeds("abort", &[]).await;
}
