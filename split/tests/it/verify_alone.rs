//! The comparison of two databases that no migration connects, by logins that may only read.

use crate::support::cluster;
use crate::support::side::{Side, unique};
use crate::world::{World, catalog};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const TABLES: &str = r#"
CREATE TABLE app.t (id int PRIMARY KEY, v text);
INSERT INTO app.t SELECT n, 'v' || n FROM generate_series(1, 25000) n;
CREATE TABLE app."Two" (a text, b int, v jsonb, PRIMARY KEY (a, b));
INSERT INTO app."Two" SELECT 'k' || n % 7, n, jsonb_build_object('n', n) FROM generate_series(1, 500) n;
"#;

/// The login of the service that reads.
fn url(side: &Side) -> String {
    side.url().replace("postgres@", &format!("{}_read_a@", side.database))
}

fn command(world: &World, more: &[&str]) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_rerp-split"));
    process.args(["verify", "--schema", "app"]).args(more).env_remove("RUST_LOG").stdin(Stdio::null());
    process.env("RERP_SOURCE_URL", url(&world.source)).env("RERP_TARGET_URL", url(&world.target));
    process
}

/// Exit code, what was printed as a result, and the words besides.
async fn verify(world: &World, more: &[&str]) -> (Option<i32>, String, String) {
    let mut process = command(world, more);
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

async fn world() -> World {
    let world = World::empty().await;
    for side in [&world.source, &world.target] {
        side.migrate().await.batch_execute(TABLES).await.unwrap();
    }
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_databases_are_compared_and_nothing_is_left_in_either() {
    let world = world().await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    let before = (catalog(&source).await, catalog(&target).await);
    let (code, out, words) = verify(&world, &[]).await;
    assert_eq!((code, out.as_str()), (Some(0), ""), "{words}");
    assert!(words.contains("25500 rows in 3 chunks are the same on both sides"), "{words}");
    let sample = ["--verification", "sample", "--verification-max-duration-s", "1"];
    let (code, _, words) = verify(&world, &sample).await;
    assert_eq!((code, words.contains("25500 rows in 4 chunks are the same")), (Some(0), true), "small ones: {words}");
    let (code, _, words) = verify(&world, &sample[2..]).await;
    assert_eq!((code, words.contains("--verification sample")), (Some(2), true), "{words}");

    let tamper = "UPDATE app.t SET v = 'w' WHERE id = 777; DELETE FROM app.t WHERE id = 12345; \
                  INSERT INTO app.\"Two\" VALUES ('k9', -1)";
    target.batch_execute(tamper).await.unwrap();
    let (code, out, words) = verify(&world, &[]).await;
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["differs: Two (k9, -1)", "differs: t (12345)", "differs: t (777)"], "{words}");
    assert_eq!((code, words.contains("3 keys differ among 25500 rows")), (Some(4), true), "{words}");
    let (code, out, _) = verify(&world, &["--table", "Two", "--json"]).await;
    assert!(out.lines().any(|line| line.contains("\"event\":\"mismatch\",\"key\":\"Two (k9, -1)\"")), "{out}");
    assert_eq!(code, Some(4));

    let mend = "UPDATE app.t SET v = 'v777' WHERE id = 777; INSERT INTO app.t VALUES (12345, 'v12345'); \
                DELETE FROM app.\"Two\" WHERE b = -1; DELETE FROM app.t WHERE id = 24000";
    target.batch_execute(mend).await.unwrap();
    let (code, out, words) = verify(&world, &[]).await;
    assert_eq!((code, out.as_str()), (Some(4), "differs: t (24000)\n"), "in a long chunk: {words}");
    target.batch_execute("INSERT INTO app.t VALUES (24000, 'v24000')").await.unwrap();
    target.batch_execute("ALTER SCHEMA app RENAME TO other").await.unwrap();
    let (code, _, words) = verify(&world, &["--target-schema", "other"]).await;
    assert_eq!(code, Some(0), "{words}");
    let (code, _, words) = verify(&world, &[]).await;
    assert_eq!((code, words.contains("the target has no schema app")), (Some(2), true), "{words}");
    target.batch_execute("ALTER SCHEMA other RENAME TO app").await.unwrap();
    let here = url(&world.source);
    let (code, _, words) = verify(&world, &["--target", &here]).await;
    assert_eq!((code, words.contains("the same schema of the same database")), (Some(2), true), "{words}");
    assert_eq!((catalog(&source).await, catalog(&target).await), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_stands_still_or_has_no_key_is_no_difference_but_unknown() {
    let world = world().await;
    let writer = world.source.app().await;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writes = tokio::spawn(async move {
        while !stopped.load(Ordering::SeqCst) {
            writer.batch_execute("UPDATE t SET v = random()::text WHERE id = 5").await.unwrap();
        }
    });
    let (code, out, words) = verify(&world, &[]).await;
    stop.store(true, Ordering::SeqCst);
    writes.await.unwrap();
    assert_eq!((code, out.as_str()), (Some(5), ""), "{words}");
    assert!(words.contains("1 keys changed each time they were looked at"), "{words}");
    // It has come to rest, and differs.
    let (code, out, words) = verify(&world, &[]).await;
    assert_eq!((code, out.as_str()), (Some(4), "differs: t (5)\n"), "{words}");
    world.target.admin().await.batch_execute("TRUNCATE app.t").await.unwrap();
    let (code, _, words) = verify(&world, &[]).await;
    assert_eq!((code, words.contains("and no more was looked for")), (Some(4), true), "{words}");

    let (from, to) = (world.source.migrate().await, world.target.migrate().await);
    for client in [&from, &to] {
        client.batch_execute("DROP TABLE app.t; CREATE TABLE app.keyless (v int)").await.unwrap();
    }
    to.batch_execute("ALTER TABLE app.\"Two\" ADD COLUMN more int").await.unwrap();
    let (code, out, words) = verify(&world, &[]).await;
    let expected = "not compared: Two: the source lacks column more\n\
                    not compared: keyless: it has no primary key or identity index\n";
    assert_eq!((code, out.as_str()), (Some(5), expected), "{words}");
    to.batch_execute("DROP TABLE app.keyless").await.unwrap();
    let (code, out, words) = verify(&world, &[]).await;
    assert_eq!((code, out.contains("differs: keyless (the target has no such table)")), (Some(4), true), "{words}");
}

/// Text that is in no encoding can't be sent to anybody, but it can be compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_without_an_encoding_are_compared() {
    let (from, to) = cluster::shared();
    let name = unique("ascii");
    let sides = [(from, format!("src_{name}")), (to, format!("dst_{name}"))];
    for (cluster, database) in &sides {
        let create = format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
        cluster.client("postgres").await.batch_execute(&create).await.unwrap();
        let fill = "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text); \
                    INSERT INTO app.t VALUES (1, convert_from('\\xe9', 'SQL_ASCII'))";
        cluster.client(database).await.batch_execute(fill).await.unwrap();
    }
    let [(from, source), (to, target)] = &sides;
    let (source, url) = (from.url(source), to.url(target));
    let verify = || {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rerp-split"));
        process.args(["verify", "--schema", "app", "--source", &source, "--target", &url]).stdin(Stdio::null());
        process.output().unwrap()
    };
    let same = verify();
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stderr));
    let tamper = "UPDATE app.t SET v = convert_from('\\xe8', 'SQL_ASCII')";
    to.client(target).await.batch_execute(tamper).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&verify().stdout), "differs: t (1)\n");
}

/// `script` gives the program a terminal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_terminal_progress_is_redrawn_in_place() {
    let world = world().await;
    let program = env!("CARGO_BIN_EXE_rerp-split");
    let mut process = Command::new("script");
    process.args(["-qec", &format!("{program} verify --schema app"), "/dev/null"]).env_remove("RUST_LOG");
    process.env("RERP_SOURCE_URL", url(&world.source)).env("RERP_TARGET_URL", url(&world.target)).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("\x1b[?7l0:00:0") && text.contains("Verify: comparing contents"), "{text:?}");
    assert!(text.ends_with("25500 rows in 3 chunks are the same on both sides\r\n"), "{text:?}");
}
