//! A database that proves who it is: the handle verifies it, follows roots and certificates as they change, and says what to do
//! when it can't.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::support::{Home, open, until};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use rerp_kit::config::{Env, Settings};
use rerp_kit::migrate::migrate;
use rerp_kit::pool::Db;
use rerp_kit::telemetry::chain;
use sqlx::ConnectOptions as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A new certificate for the server, used by every connection that begins from now on, and no way in without it.
    async fn certify(&self, home: &Home) {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let rules = "hostssl all all 127.0.0.1/32 scram-sha-256\n".to_owned();
        let files = [("server.crt", leaf.pem()), ("server.key", key.serialize_pem()), ("pg_hba.conf", rules)];
        for (name, text) in files {
            let path = home.server.data().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(Command::new("chown").arg("postgres").arg(&path).status().unwrap().success());
        }
        // Once TLS is there, a reload is all that a new certificate needs.
        for statement in [
            "ALTER SYSTEM SET ssl = on",
            "ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.3'",
            "SELECT pg_reload_conf()",
        ] {
            home.execute(statement).await;
        }
    }
}

/// What a pod is given: a binding that names the roots, and the roots.
struct Pod(TempDir);

impl Pod {
    fn new(home: &Home, roots: &[&Authority]) -> Self {
        let pod = Self(tempfile::tempdir().unwrap());
        pod.trust(roots);
        fs::write(pod.dir().join("current"), pod.address(&home.app())).unwrap();
        pod
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn roots(&self) -> PathBuf {
        self.dir().join("ca.crt")
    }

    fn address(&self, plain: &str) -> String {
        format!("{plain}&sslmode=verify-full&sslrootcert={}", self.roots().display())
    }

    /// Swaps the roots, whole.
    fn trust(&self, roots: &[&Authority]) {
        let next = self.dir().join("next.crt");
        fs::write(&next, roots.iter().map(|one| one.0.pem()).collect::<String>()).unwrap();
        fs::rename(next, self.roots()).unwrap();
    }
}

async fn opens(address: &str) -> Result<(), sqlx::Error> {
    PgConnectOptions::from_str(address).unwrap().disable_statement_logging().connect().await.map(drop)
}

/// Asks without a pause until it is stopped; failures are counted.
fn asking(db: &Db, stop: &Arc<AtomicBool>, failed: &Arc<AtomicU64>) -> tokio::task::JoinHandle<u64> {
    let (db, stop, failed) = (db.clone(), stop.clone(), failed.clone());
    tokio::spawn(async move {
        let mut asked = 0;
        while !stop.load(Ordering::Relaxed) {
            let answer = db.run(&(), |tx, ()| {
                Box::pin(async move { sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(tx.conn()).await })
            });
            if let Err(error) = answer.await {
                eprintln!("{}", chain(&error));
                failed.fetch_add(1, Ordering::Relaxed);
            }
            asked += 1;
        }
        asked
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_roots_change_under_work_and_nothing_fails() {
    let home = Home::new().await;
    let (old, new) = (Authority::new(), Authority::new());
    old.certify(&home).await;
    let pod = Pod::new(&home, &[&old]);
    let address = pod.address(&home.app());
    until("the server shows a certificate", async || opens(&address).await.is_ok()).await;
    let (db, _) = open(pod.dir()).await;
    let (stop, failed) = (Arc::default(), Arc::default());
    let workers: Vec<_> = (0..4).map(|_| asking(&db, &stop, &failed)).collect();

    // The same authority, a new certificate; then another authority, as a person would change it.
    old.certify(&home).await;
    pod.trust(&[&old, &new]);
    new.certify(&home).await;
    let only_new = Pod::new(&home, &[&new]);
    let address = only_new.address(&home.app());
    until("new connections see the new certificate", async || opens(&address).await.is_ok()).await;
    pod.trust(&[&new]);
    // Every connection is opened anew and verified with what is trusted now.
    let lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%'";
    assert!(home.number(lost).await > 0);
    until("the handle is connected again", async || home.connections().await >= 2).await;
    let unproved = "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
         WHERE application_name LIKE 'rerp/%' AND (NOT ssl OR version <> 'TLSv1.3')";
    assert_eq!(home.number(unproved).await, 0);

    stop.store(true, Ordering::Relaxed);
    let mut asked = 0;
    for worker in workers {
        asked += worker.await.unwrap();
    }
    assert_eq!(failed.load(Ordering::Relaxed), 0, "of {asked}");
    assert!(asked > 100, "only {asked}");
    db.close(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_proves_nothing_is_not_used_and_the_error_says_what_to_do() {
    let home = Home::new().await;
    let (ours, other) = (Authority::new(), Authority::new());
    ours.certify(&home).await;
    let good = Pod::new(&home, &[&ours]);
    let address = good.address(&home.app());
    until("the server shows a certificate", async || opens(&address).await.is_ok()).await;

    let pod = Pod::new(&home, &[&other]);
    let (db, _) = open(pod.dir()).await;
    assert!(!db.is_alive());
    fs::write(pod.dir().join("current"), pod.address(&home.migrate())).unwrap();
    let env = [("RERP_MIGRATE_DIR", pod.dir().to_str().unwrap()), ("RERP_MIGRATE_WAIT", "0s")];
    let settings = Settings::read(&mut Env::of(env), "test");
    let refused = migrate(&settings, Migrator::DEFAULT).await.unwrap_err();
    assert!(chain(&refused).contains("not among the roots in sslrootcert"), "{}", chain(&refused));

    let named = address.replace("127.0.0.1", "localhost");
    let refused = opens(&named).await.unwrap_err();
    assert!(rerp_pgtls::advice(&refused).unwrap().contains("for other names than the host"));
    let plain = opens(&format!("{}&sslmode=disable", home.app())).await.unwrap_err();
    assert_eq!(plain.as_database_error().unwrap().code().as_deref(), Some("28000"), "{plain}");
}
