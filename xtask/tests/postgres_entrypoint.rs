//! The entrypoint of the PostgreSQL image on the PostgreSQL of this machine: what it makes, adopts, refuses and survives. Needs the
//! server's programs under /usr/lib/postgresql; as root it runs the server as the user `postgres`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test")]

#[path = "postgres_entrypoint/pod.rs"]
mod pod;

use pod::{DEADLINE, Pod, bin};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[test]
fn a_new_volume_becomes_a_server_with_our_settings() {
    let pod = Pod::new();
    fs::write(pod.path("config/10-size.conf"), "max_connections = 37\n").unwrap();
    let _server = pod.start();
    let show = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings \
                WHERE name IN ('data_checksums', 'max_connections', 'password_encryption', 'server_encoding', 'wal_level')";
    assert_eq!(pod.sql("first", show).unwrap(), "on 37 scram-sha-256 UTF8 logical");
    assert!(pod.sql("wrong", "SELECT 1").unwrap_err().contains("password authentication failed"));
    assert!(!pod.path("volume/pgdata.making").exists());
}

#[test]
fn nobody_gets_in_over_tcp_without_tls() {
    let pod = Pod::new();
    let _server = pod.start();
    assert!(pod.is_proved());
    let mut plain = pod.psql(&["-U", "postgres", "-XAtw", "-c", "SELECT 1"]);
    let refused = plain.env("PGPASSWORD", "first").env("PGSSLMODE", "disable").output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no encryption"), "{refused:?}");
    let mut old = pod.psql(&["-U", "postgres", "-XAtw", "-c", "SELECT 1"]);
    old.env("PGSSLMINPROTOCOLVERSION", "TLSv1.2").env("PGSSLMAXPROTOCOLVERSION", "TLSv1.2").env("PGSSLMODE", "require");
    let refused = old.env("PGPASSWORD", "first").output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("protocol version"), "{refused:?}");
}

#[test]
fn a_new_certificate_is_used_without_a_restart_and_open_connections_stay() {
    let pod = Pod::new();
    let server = pod.start();
    let mut open = pod.psql(&["-U", "postgres", "-XAtw"]);
    open.env("PGPASSWORD", "first").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut open = open.spawn().unwrap();
    let mut typed = open.stdin.take().unwrap();
    let mut lines = BufReader::new(open.stdout.take().unwrap()).lines();
    let mut answers = |line: &str| {
        typed.write_all(line.as_bytes()).unwrap();
        lines.next().unwrap().unwrap()
    };
    let backend = answers("SELECT pg_backend_pid();\n");
    for _ in 0..3 {
        pod.certificate();
        assert!(pod.alive());
        pod.until_proved();
        assert_eq!(answers("SELECT pg_backend_pid();\n"), backend);
    }
    drop(typed);
    open.wait().unwrap();
    // A pair that does not fit is not used, the server goes on, and the next pair is used again.
    fs::write(pod.path("tls/..data/tls.crt"), "no certificate").unwrap();
    assert!(pod.alive());
    assert_eq!(pod.sql("first", "SELECT 1").unwrap(), "1");
    pod.certificate();
    assert!(pod.alive());
    pod.until_proved();
    drop(server);
    assert!(!pod.alive(), "the probe says what pg_isready says");
}

#[test]
fn retained_data_is_adopted_and_follows_the_new_password() {
    let pod = Pod::new();
    let server = pod.start();
    pod.sql("first", "CREATE TABLE kept AS SELECT 42 AS answer").unwrap();
    drop(server);
    // Everything a shell or SQL could stumble over, and a newline at the end as people leave it.
    let second = r#"it's a "new" \ $HOME `one` %s"#;
    pod.password(&format!("{second}\n"));
    // What a volume's fsGroup does at every mount.
    fs::set_permissions(pod.data(""), fs::Permissions::from_mode(0o2770)).unwrap();
    fs::write(pod.data("pg_hba.conf"), "local all all trust\n").unwrap();
    let server = pod.start();
    assert_eq!(pod.sql(second, "SELECT answer FROM kept").unwrap(), "42");
    assert!(pod.sql("first", "SELECT 1").is_err());
    let verifier = "SELECT left(rolpassword, 14) FROM pg_authid WHERE rolname = 'postgres'";
    assert_eq!(pod.sql(second, verifier).unwrap(), "SCRAM-SHA-256$");
    drop(server);
    let _server = pod.start();
    assert_eq!(pod.sql(second, "SELECT answer FROM kept").unwrap(), "42");
    let included = fs::read_to_string(pod.data("postgresql.conf")).unwrap();
    assert_eq!(included.matches("rerp.conf").count(), 1);
}

#[test]
fn a_half_made_directory_is_made_again_and_a_crash_is_recovered_from() {
    let pod = Pod::new();
    fs::create_dir(pod.path("volume/pgdata.making")).unwrap();
    fs::write(pod.path("volume/pgdata.making/PG_VERSION"), "15\n").unwrap();
    pod.give_away("volume");
    let mut server = pod.start();
    pod.sql("first", "CREATE TABLE kept AS SELECT 1 AS one").unwrap();
    assert!(!pod.path("volume/pgdata.making").exists());
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    drop(server);
    // The children of a killed server notice by themselves; as in a pod, they are gone before the next one starts.
    let until = Instant::now() + DEADLINE;
    while pod.command(&bin().join("pg_isready")).args(pod.tcp()).output().unwrap().status.success() {
        assert!(Instant::now() < until, "children of the killed server remain");
        sleep(Duration::from_millis(20));
    }
    sleep_until_free(&pod);
    let _server = pod.start();
    assert_eq!(pod.sql("first", "SELECT one FROM kept").unwrap(), "1");
}

/// Shared memory of a killed server lives until its last child has left; the next server refuses to start before.
fn sleep_until_free(pod: &Pod) {
    let until = Instant::now() + DEADLINE;
    let data = pod.data("");
    let holds = |entry: fs::DirEntry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.join("") == data);
    while fs::read_dir("/proc").unwrap().flatten().any(holds) {
        assert!(Instant::now() < until, "children of the killed server remain");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn another_major_version_is_refused_and_left_alone() {
    let pod = Pod::new();
    drop(pod.start());
    fs::write(pod.data("PG_VERSION"), "9\n").unwrap();
    let (code, said) = pod.refused();
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("was written by PostgreSQL 9") && said.contains("Set the version back to 9"), "{said}");
    assert_eq!(fs::read_to_string(pod.data("PG_VERSION")).unwrap(), "9\n");
}

#[test]
fn what_is_missing_is_named() {
    let pod = Pod::new();
    fs::create_dir(pod.path("volume/pgdata")).unwrap();
    fs::write(pod.data("letter.txt"), "not a database").unwrap();
    pod.give_away("volume");
    assert!(pod.refused().1.contains("is not empty and holds no PostgreSQL data directory"));
    assert!(pod.data("letter.txt").exists());
    fs::rename(pod.path("tls/tls.key"), pod.path("tls/other")).unwrap();
    assert!(pod.refused().1.contains("mount the Secret with the keys tls.crt and tls.key"));
    fs::rename(pod.path("tls/other"), pod.path("tls/tls.key")).unwrap();
    pod.password("");
    assert!(pod.refused().1.contains("password file") && pod.refused().0 == Some(78));
    fs::remove_file(pod.path("secret/password")).unwrap();
    assert!(pod.refused().1.contains("mount the Secret"));
}
