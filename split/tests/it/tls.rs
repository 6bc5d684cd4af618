//! A whole migration between servers that prove who they are: every session of the engine, `pg_dump` and the subscription verify
//! them, also after the certificate has changed; what is not proved is not talked to.

use crate::support::cluster::Cluster;
use crate::world::World;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair, KeyUsagePurpose};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// An authority and the files it leads to, readable to the servers.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("ca.crt"), issuer.pem()).unwrap();
        Self { issuer, dir }
    }

    fn roots(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }

    /// Gives a server a certificate for `host`, and has it used from now on.
    async fn certify(&self, cluster: &Cluster, host: &str) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        // Else it is that of the issuer, and OpenSSL takes the certificate for one that signed itself.
        params.distinguished_name = DistinguishedName::new();
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let admin = cluster.client("postgres").await;
        let data: String = admin.query_one("SHOW data_directory", &[]).await.unwrap().get(0);
        for (name, text) in [("server.crt", leaf.pem()), ("server.key", key.serialize_pem())] {
            let path = Path::new(&data).join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            // The data directory's owner is who runs the server.
            let owned = Command::new("chown").arg(format!("--reference={data}")).arg(&path).status().unwrap();
            assert!(owned.success());
        }
        for statement in [
            "ALTER SYSTEM SET ssl = on",
            "ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.3'",
            "ALTER SYSTEM SET log_connections = on",
            "SELECT pg_reload_conf()",
        ] {
            admin.batch_execute(statement).await.unwrap();
        }
    }
}

/// Waits until a statement of one boolean is true.
async fn until(cluster: &Cluster, what: &str) {
    let begun = Instant::now();
    loop {
        let admin = cluster.client("postgres").await;
        if admin.query_one(what, &[]).await.unwrap().get(0) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The command with both sides verified against `roots`.
fn command(world: &World, name: &str, roots: &Path, more: &[&str]) -> Command {
    let query = format!("?sslmode=verify-full&sslrootcert={}", roots.display());
    let mut command = world.command(name);
    command.env("RERP_SOURCE_URL", world.source.url() + &query).env("RERP_TARGET_URL", world.target.url() + &query);
    command.args(more).stdin(Stdio::null());
    command
}

async fn output(mut command: Command) -> (bool, String) {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    (output.status.success(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_moves_between_servers_that_prove_who_they_are() {
    let (from, to) = (Arc::new(Cluster::start()), Arc::new(Cluster::start()));
    let authority = Authority::new();
    for cluster in [&from, &to] {
        authority.certify(cluster, "127.0.0.1").await;
        until(cluster, "SELECT current_setting('ssl')::bool").await;
    }
    let world = World::between(from.clone(), to.clone()).await.filled(2_000).await;
    let ready = command(&world, "run", &authority.roots(), &["--advance-to", "ReadyForCutover"]);
    let (done, text) = output(ready).await;
    assert!(done, "{text}");

    // Open connections stay; the subscription's next one meets the new certificate.
    authority.certify(&from, "127.0.0.1").await;
    let admin = from.client("postgres").await;
    admin.batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication").await.unwrap();
    until(&from, "SELECT coalesce(bool_and(ssl), false) FROM pg_stat_ssl JOIN pg_stat_replication USING (pid)").await;
    let (done, text) = output(command(&world, "run", &authority.roots(), &[])).await;
    assert!(done, "{text}");
    let (source, target) = world.contents().await;
    assert!(source == target && source.len() > 2_000, "{} and {} rows", source.len(), target.len());

    let log = fs::read_to_string(from.log()).unwrap();
    let authorized: Vec<&str> = log.lines().filter(|line| line.contains("connection authorized")).collect();
    let ours =
        authorized.iter().filter(|line| line.contains("=rerp-split/") || line.contains("replication connection"));
    assert!(ours.clone().all(|line| line.contains("SSL enabled (protocol=TLSv1.3")), "{log}");
    for part in ["/dump ", "replication connection"] {
        assert!(ours.clone().any(|line| line.contains(part)), "no {part}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_proved_is_not_talked_to() {
    let server = Arc::new(Cluster::start());
    let (ours, other) = (Authority::new(), Authority::new());
    let world = World::between(server.clone(), server.clone()).await;
    let refusal = async |roots: PathBuf| {
        let (done, text) = output(command(&world, "status", &roots, &[])).await;
        assert!(!done, "{text}");
        text
    };
    let text = refusal(ours.roots()).await;
    assert!(text.contains("does not support TLS"), "{text}");
    ours.certify(&server, "127.0.0.1").await;
    until(&server, "SELECT current_setting('ssl')::bool").await;
    let text = refusal(other.roots()).await;
    assert!(text.contains("not among the roots in sslrootcert"), "{text}");
    let text = refusal("/nowhere/ca.crt".into()).await;
    assert!(text.contains("read the roots in /nowhere/ca.crt"), "{text}");
    ours.certify(&server, "elsewhere.example").await;
    let begun = Instant::now();
    let text = loop {
        let (_, text) = output(command(&world, "status", &ours.roots(), &[])).await;
        if text.contains("for other names than the host") || begun.elapsed() > Duration::from_secs(30) {
            break text;
        }
    };
    assert!(text.contains("for other names than the host"), "{text}");
}
