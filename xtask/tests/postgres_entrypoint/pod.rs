//! A pod as the entrypoint sees it: a volume, a Secret, a certificate, configuration; and a server on loopback, gone with the test.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A volume with its Secret and its configuration, as a pod would mount them.
pub(crate) struct Pod {
    dir: tempfile::TempDir,
    port: u16,
}

/// A running server; it is stopped when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl Pod {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("rerp-entrypoint-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let pod = Self { dir, port };
        for folder in ["volume", "sockets", "secret", "config", "tls"] {
            fs::create_dir(pod.path(folder)).unwrap();
        }
        pod.password("first");
        pod.certificate();
        pod.give_away("volume");
        pod.give_away("sockets");
        pod
    }

    /// Makes the server's user the owner, as the volume of a pod would have it. Without root everything is that user's anyway.
    pub(crate) fn give_away(&self, name: &str) {
        if is_root() {
            assert!(Command::new("chown").args(["-R", "postgres"]).arg(self.path(name)).status().unwrap().success());
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path("volume/pgdata").join(name)
    }

    pub(crate) fn password(&self, password: &str) {
        fs::write(self.path("secret/password"), password).unwrap();
    }

    /// A new certificate, signed by nobody else, mounted as a kubelet does it: both files swapped together, the key for the group.
    pub(crate) fn certificate(&self) {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let version = tempfile::Builder::new().prefix("..").tempdir_in(self.path("tls")).unwrap().keep();
        fs::set_permissions(&version, fs::Permissions::from_mode(0o755)).unwrap();
        for (name, text) in [("tls.crt", cert.pem()), ("tls.key", signing_key.serialize_pem())] {
            fs::write(version.join(name), text).unwrap();
            fs::set_permissions(version.join(name), fs::Permissions::from_mode(0o440)).unwrap();
            if is_root() {
                assert!(Command::new("chgrp").arg("postgres").arg(version.join(name)).status().unwrap().success());
            }
            let link = self.path("tls").join(name);
            if link.symlink_metadata().is_err() {
                symlink(format!("..data/{name}"), link).unwrap();
            }
        }
        symlink(&version, self.path("tls/..next")).unwrap();
        fs::rename(self.path("tls/..next"), self.path("tls/..data")).unwrap();
    }

    /// What the kubelet's liveness probe runs.
    pub(crate) fn alive(&self) -> bool {
        let script = self.copy("rerp-postgres-alive");
        self.command(&script).args(["-p", &self.port.to_string()]).output().unwrap().status.success()
    }

    /// Whether a client that trusts the mounted certificate alone gets in, by a connection that is new.
    pub(crate) fn is_proved(&self) -> bool {
        let psql = ["-U", "postgres", "-XAtw", "-c", "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"];
        let mut psql = self.psql(&psql);
        psql.env("PGPASSWORD", "first").env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", self.path("tls/tls.crt"));
        psql.output().unwrap().stdout == b"TLSv1.3\n"
    }

    /// A command as the server's user, with the entrypoint's environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .current_dir("/")
            // libpq looks for certificates there, and root's is closed to it.
            .env("HOME", self.path("sockets"))
            .env("PGDATA", self.path("volume/pgdata"))
            .env("RERP_POSTGRES_BIN", bin())
            .env("RERP_POSTGRES_PASSWORD", self.path("secret/password"))
            .env("RERP_POSTGRES_CONFIG", self.path("config"))
            .env("RERP_POSTGRES_TLS", self.path("tls"))
            .env("RERP_POSTGRES_SOCKETS", self.path("sockets"));
        command
    }

    /// Waits until a new connection sees the mounted certificate: the server is told, and takes a moment.
    pub(crate) fn until_proved(&self) {
        let until = Instant::now() + DEADLINE;
        while !self.is_proved() {
            assert!(Instant::now() < until, "the server does not use its new certificate");
            sleep(Duration::from_millis(20));
        }
    }

    /// A script of the image, as a copy: the server's user may not be allowed to enter the folder of the checkout.
    fn copy(&self, name: &str) -> PathBuf {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/postgres").join(name);
        let copy = self.path(name);
        fs::copy(script, &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        copy
    }

    fn entrypoint(&self) -> Command {
        let mut command = self.command(&self.copy("rerp-postgres"));
        command.args(["-p", &self.port.to_string()]);
        command
    }

    pub(crate) fn start(&self) -> Server {
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
    pub(crate) fn refused(&self) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.entrypoint().output().unwrap();
        (status.code(), String::from_utf8_lossy(&stderr).into_owned())
    }

    pub(crate) fn tcp(&self) -> [String; 4] {
        ["-h".into(), "127.0.0.1".into(), "-p".into(), self.port.to_string()]
    }

    pub(crate) fn psql(&self, arguments: &[&str]) -> Command {
        let mut psql = self.command(&bin().join("psql"));
        psql.args(self.tcp()).args(arguments);
        psql
    }

    /// Runs SQL over TCP with a password; the result, or what the server said.
    pub(crate) fn sql(&self, password: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.psql(&["-U", "postgres", "-XAtw", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        let Output { status, stdout, stderr } = psql.env("PGPASSWORD", password).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
    }
}

pub(crate) fn bin() -> PathBuf {
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
