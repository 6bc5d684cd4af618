//! The entrypoint of the PostgreSQL image on the PostgreSQL of this machine: what it makes, adopts, refuses and survives. Needs the
//! server's programs under /usr/lib/postgresql; as root it runs the server as the user `postgres`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

/// A volume with its Secret and its configuration, as a pod would mount them.
struct Pod {
    dir: tempfile::TempDir,
    port: u16,
}

/// A running server; it is stopped when dropped.
struct Server {
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl Pod {
    fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("rerp-entrypoint-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let pod = Self { dir, port };
        for folder in ["volume", "sockets", "secret", "config"] {
            fs::create_dir(pod.path(folder)).unwrap();
        }
        pod.password("first");
        pod.give_away("volume");
        pod.give_away("sockets");
        pod
    }

    /// Makes the server's user the owner, as the volume of a pod would have it. Without root everything is that user's anyway.
    fn give_away(&self, name: &str) {
        if is_root() {
            assert!(Command::new("chown").args(["-R", "postgres"]).arg(self.path(name)).status().unwrap().success());
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn data(&self, name: &str) -> PathBuf {
        self.path("volume/pgdata").join(name)
    }

    fn password(&self, password: &str) {
        fs::write(self.path("secret/password"), password).unwrap();
    }

    /// A command as the server's user, with the entrypoint's environment.
    fn command(&self, program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .current_dir("/")
            .env("PGDATA", self.path("volume/pgdata"))
            .env("RERP_POSTGRES_BIN", bin())
            .env("RERP_POSTGRES_PASSWORD", self.path("secret/password"))
            .env("RERP_POSTGRES_CONFIG", self.path("config"))
            .env("RERP_POSTGRES_SOCKETS", self.path("sockets"));
        command
    }

    fn entrypoint(&self) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/postgres/rerp-postgres");
        // Through the shell and a copy: the server's user may not be allowed to enter the folder of the checkout.
        let copy = self.path("rerp-postgres");
        fs::copy(script, &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = self.command(&copy);
        command.args(["-p", &self.port.to_string()]);
        command
    }

    fn start(&self) -> Server {
        let child = self.entrypoint().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Server { child };
        let until = Instant::now() + DEADLINE;
        while !self.command(&bin().join("pg_isready")).args(self.tcp()).output().unwrap().status.success() {
            assert!(Instant::now() < until, "the server does not answer");
            assert!(server.child.try_wait().unwrap().is_none(), "the server ended");
            sleep(Duration::from_millis(20));
        }
        server
    }

    /// Starts it and expects it to end by itself. Returns its status and what it said.
    fn refused(&self) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.entrypoint().output().unwrap();
        (status.code(), String::from_utf8_lossy(&stderr).into_owned())
    }

    fn tcp(&self) -> [String; 4] {
        ["-h".into(), "127.0.0.1".into(), "-p".into(), self.port.to_string()]
    }

    /// Runs SQL over TCP with a password; the result, or what the server said.
    fn sql(&self, password: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.command(&bin().join("psql"));
        psql.args(self.tcp()).args(["-U", "postgres", "-XAtw", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        let Output { status, stdout, stderr } = psql.env("PGPASSWORD", password).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
    }
}

fn bin() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL's server programs; `cargo xtask test` installs them")
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("a version of PostgreSQL with its server")
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

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
    pod.password("");
    assert!(pod.refused().1.contains("password file") && pod.refused().0 == Some(78));
    fs::remove_file(pod.path("secret/password")).unwrap();
    assert!(pod.refused().1.contains("mount the Secret"));
}
