//! One real PostgreSQL for all tests of this binary, on a free loopback port, below the temporary
//! directory. The superuser is trusted; everybody else has to know a password. It has a certificate of the authority that every
//! world is given, so that the operator verifies it as it would any other.
//! Ends with the process that started it (`setpriv --pdeathsig`).

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rerp_operator::pki::authority::Authority;
use rerp_operator::pki::issue::{self, Leaf, Names};
use rerp_operator::pki::to_secret;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Config, NoTls};

pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What its certificate is for.
pub(crate) const NAME: &str = "localhost";
/// Where the operator keeps its authority.
pub(crate) const AUTHORITY: &str = "/api/v1/namespaces/rerp-system/secrets/rerp-ca";

/// A server that answers.
pub(crate) struct Server {
    pub(crate) port: u16,
}

impl Server {
    /// A connection as `user`; an empty password for the superuser.
    pub(crate) async fn connect(
        &self,
        user: &str,
        password: &str,
        database: &str,
    ) -> Result<Client, tokio_postgres::Error> {
        let mut config = Config::new();
        config.hostaddr(ADDRESS).host("localhost").port(self.port).user(user).dbname(database);
        config.password(password).connect_timeout(Duration::from_secs(10));
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A superuser connection.
    pub(crate) async fn admin(&self, database: &str) -> Client {
        self.connect("postgres", "", database).await.expect("the superuser connects")
    }
}

/// The authority that signed the server's certificate, as the operator stores it.
pub(crate) fn authority() -> Value {
    let Leaf { certificate, key } = signer();
    let metadata = json!({"name": "rerp-ca", "namespace": "rerp-system"});
    json!({"metadata": metadata, "type": "kubernetes.io/tls",
        "data": {"tls.crt": STANDARD.encode(certificate), "tls.key": STANDARD.encode(key)}})
}

/// What a client has to trust to trust the server, PEM.
pub(crate) fn roots() -> &'static str {
    &signer().certificate
}

fn signer() -> &'static Leaf {
    static SIGNER: OnceLock<Leaf> = OnceLock::new();
    SIGNER.get_or_init(|| issue::authority("rerp.local", Timestamp::now()).expect("an authority"))
}

/// The server that all tests share; each uses its own names on it.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Server {
    let bin = newest();
    let dir = std::env::temp_dir().join(format!("rerp-operator-pg-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir(&dir).expect("a directory");
    let root = is_root();
    if root {
        run(Command::new("chown").arg("postgres").arg(&dir));
    }
    let data = dir.join("data");
    run(program(root, &bin.join("initdb")).arg("-D").arg(&data).args(["-U", "postgres", "-E", "UTF8", "--no-sync"]));
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n".to_owned();
    let Leaf { certificate, key } = certificate();
    for (name, text) in [("pg_hba.conf", rules), ("server.crt", certificate), ("server.key", key)] {
        let path = data.join(name);
        std::fs::write(&path, text).expect(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect(name);
        if root {
            run(Command::new("chown").arg("postgres").arg(&path));
        }
    }
    let port = TcpListener::bind((ADDRESS, 0)).expect("a port").local_addr().expect("a port").port();
    spawn(program(root, &bin.join("postgres")), &data, port);
    wait(&data);
    Server { port }
}

/// Made now by the system's clock, whatever time it is in a world: that is the one that TLS looks at.
fn certificate() -> Leaf {
    let now = Timestamp::now();
    let authority = Authority::of(&to_secret(signer()), now).expect("an authority");
    let names = Names { identity: "spiffe://rerp.local/ns/rerp/sa/server".into(), hosts: vec![NAME.to_owned()] };
    issue::leaf(&authority, &names, Duration::from_secs(24 * 3600), now).expect("a certificate")
}

/// The parent-death signal follows the thread that spawned the child, so that thread stays.
fn spawn(mut command: Command, data: &Path, port: u16) {
    let log = std::fs::File::create(data.with_extension("log")).expect("a log");
    command.arg("-D").arg(data).args(["-p", &port.to_string()]);
    for setting in
        ["ssl=on", "fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=", "wal_level=logical"]
    {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    std::thread::spawn(move || {
        let mut child = command.spawn().expect("start postgres");
        let _ = child.wait();
    });
}

fn wait(data: &Path) {
    let begun = Instant::now();
    loop {
        let pid = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if pid.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return;
        }
        let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(60), "PostgreSQL does not start:\n{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn newest() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed under /usr/lib/postgresql");
    let mut found: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    found.pop().expect("a version of PostgreSQL").1
}

/// PostgreSQL refuses to run as root.
fn program(root: bool, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if root {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg("--pdeathsig=QUIT").arg(program).current_dir("/");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().expect("id").stdout.starts_with(b"0\n")
}

fn run(command: &mut Command) {
    let output = command.output().expect("start a program");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
