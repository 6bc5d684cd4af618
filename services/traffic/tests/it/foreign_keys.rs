//! The foreign keys of the seed on a real PostgreSQL server, with the roles that an operator makes and the services at work.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::support::service::{answer, client, serve};
use crate::support::{Server, open, visitor};
use rerp_kit::config::{Env, Settings};
use rerp_kit::migrate::migrate;
use rerp_marketing::captcha::Captcha;
use rerp_marketing::client::account::Account;
use rerp_marketing::client::identity::Identity;
use rerp_marketing::state::AppState;
use rerp_traffic::seed::args::SeedArgs;
use rerp_traffic::seed::run::fill;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;

const DATABASE: &str = "data";

/// Schemas of three services in one database, each with roles of its own, and no right of one on another's.
struct Monolith {
    server: Server,
    dir: tempfile::TempDir,
}

impl Monolith {
    async fn new() -> Self {
        let monolith = Self { server: Server::start(), dir: tempfile::tempdir().unwrap() };
        monolith.server.execute("postgres", "CREATE DATABASE data").await;
        monolith.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC").await;
        for (schema, migrations) in [
            ("identity", rerp_identity::migrations()),
            ("account", rerp_account::migrations()),
            ("marketing", rerp_marketing::migrations()),
        ] {
            monolith.domain(schema, migrations).await;
        }
        monolith
    }

    async fn domain(&self, s: &str, migrations: Migrator) {
        self.execute(&format!(
            "CREATE ROLE {s}_owner; CREATE ROLE {s}_app LOGIN PASSWORD 'app'; CREATE ROLE {s}_migrate LOGIN PASSWORD 'migrate' IN ROLE {s}_owner;
             ALTER ROLE {s}_migrate SET role = '{s}_owner';
             CREATE SCHEMA {s} AUTHORIZATION {s}_owner; GRANT USAGE ON SCHEMA {s} TO {s}_app;
             ALTER DEFAULT PRIVILEGES FOR ROLE {s}_owner IN SCHEMA {s} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {s}_app"
        ))
        .await;
        for (role, password) in [("app", "app"), ("migrate", "migrate")] {
            let dir = self.path(role, s);
            std::fs::create_dir_all(dir.parent().unwrap()).unwrap();
            std::fs::write(&dir, self.server.uri(&format!("{s}_{role}"), password, DATABASE, s)).unwrap();
        }
        let dir = self.path("migrate", s);
        let settings =
            Settings::read(&mut Env::of([("RERP_MIGRATE_DIR", dir.parent().unwrap().to_str().unwrap())]), "test");
        migrate(&settings, migrations).await.unwrap();
    }

    fn path(&self, role: &str, schema: &str) -> PathBuf {
        self.dir.path().join(role).join(schema).join("current")
    }

    fn args(&self, rows: u64, foreign_keys: bool) -> SeedArgs {
        let file = |schema| self.path("migrate", schema);
        SeedArgs {
            rows,
            seed: 7,
            identity_uri_file: file("identity"),
            account_uri_file: file("account"),
            marketing_uri_file: file("marketing"),
            foreign_keys,
        }
    }

    async fn execute(&self, sql: &str) {
        self.server.execute(DATABASE, sql).await;
    }

    async fn number(&self, sql: &str) -> i64 {
        self.server.number(DATABASE, sql).await
    }

    /// Constraints between schemas that every row was checked against.
    async fn proven(&self) -> i64 {
        self.number(&format!("SELECT count(*) {ACROSS} AND o.convalidated")).await
    }

    /// The services, each as its own role.
    async fn start(&self) -> SocketAddr {
        let dir = |schema: &str| self.path("app", schema).parent().unwrap().to_owned();
        let identity = serve(rerp_identity::router(open(&dir("identity")).await.0)).await;
        let account = serve(rerp_account::router(registry_state(&dir("account"), identity).await)).await;
        serve(rerp_marketing::router(state(&dir("marketing"), identity, account).await)).await
    }
}

const ACROSS: &str = "FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_class p ON p.oid = o.confrelid
    WHERE o.contype = 'f' AND c.relnamespace <> p.relnamespace";

/// Columns that somebody may refer to by a right of its own.
const LENT: &str = "SELECT count(*) FROM pg_attribute t, aclexplode(t.attacl) a WHERE a.privilege_type = 'REFERENCES'";

pub(crate) async fn registry_state(dir: &Path, identity: SocketAddr) -> rerp_account::state::AppState {
    let (db, metrics) = open(dir).await;
    let identity = rerp_people::Identity::new(client("identity", identity, &metrics), &metrics);
    rerp_account::state::AppState { db, identity, billing: None }
}

pub(crate) async fn state(dir: &Path, identity: SocketAddr, account: SocketAddr) -> AppState {
    let (db, metrics) = open(dir).await;
    let identity = Identity::new(client("identity", identity, &metrics), &metrics);
    let account = Account::new(client("account", account, &metrics), &metrics);
    AppState { db, identity, account, captcha: Captcha::Off, intake: None, confirmations: None }
}

async fn post(at: SocketAddr, route: &str, body: Value) -> (u16, Value) {
    let request =
        visitor().post(format!("http://{at}/api/marketing/{route}")).header("content-type", "application/json");
    let (status, _, body) = answer(request.body(body.to_string())).await;
    (status, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_domains_are_tied_together_and_services_go_on() {
    let monolith = Monolith::new().await;
    fill(&monolith.args(20_000, false)).await.unwrap();
    assert_eq!(monolith.number(&format!("SELECT count(*) {ACROSS}")).await, 0, "not unless it is wanted");
    // Added while the services are at work, and again by a second run.
    let at = monolith.start().await;
    fill(&monolith.args(20_000, true)).await.unwrap();
    assert_eq!(monolith.proven().await, 8);
    fill(&monolith.args(20_000, true)).await.unwrap();
    assert_eq!((monolith.proven().await, monolith.number(&format!("SELECT count(*) {ACROSS}")).await), (8, 8));

    assert_eq!(monolith.number(LENT).await, 0, "what was lent is taken back");
    let usage = "SELECT count(*) FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname IN ('identity', 'account', 'marketing')
        AND split_part(pg_get_userbyid(a.grantee), '_', 1) <> n.nspname";
    assert_eq!(monolith.number(usage).await, 0);

    let capture = json!({ "email": "ann@example.com", "source": "hero", "company": "Acme" });
    let (status, first) = post(at, "email-capture", capture).await;
    assert_eq!(status, 201, "{first}");
    let message = json!({ "email": "ANN@example.com", "name": "Ann", "message": "Hello", "company": "ACME" });
    let (status, second) = post(at, "contact", message).await;
    assert_eq!((status, &second["company_id"]), (201, &first["company_id"]), "{second}");
    let pairs = "SELECT count(*) FROM marketing.email_captures c JOIN marketing.contact_messages m USING (email_address_id, company_id)
        JOIN account.companies o ON o.id = company_id JOIN identity.email_addresses e ON e.id = email_address_id
        WHERE o.name_key = 'acme' AND e.email = 'ann@example.com'";
    assert_eq!(monolith.number(pairs).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_cut_short_is_finished_by_the_next() {
    let monolith = Monolith::new().await;
    fill(&monolith.args(2_000, false)).await.unwrap();
    // One constraint is there and unproven, the rights for it still lent; the next one has only its rights.
    monolith
        .execute(
            "GRANT USAGE ON SCHEMA identity TO marketing_owner;
             GRANT REFERENCES (id) ON identity.email_addresses TO marketing_owner;
             ALTER TABLE marketing.email_captures ADD CONSTRAINT email_captures_email_address_id_fkey
             FOREIGN KEY (email_address_id) REFERENCES identity.email_addresses (id) NOT VALID",
        )
        .await;
    fill(&monolith.args(2_000, true)).await.unwrap();
    assert_eq!(monolith.proven().await, 8);
    assert_eq!(monolith.number(LENT).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_refers_to_nothing_is_told() {
    let monolith = Monolith::new().await;
    fill(&monolith.args(2_000, false)).await.unwrap();
    monolith.execute("UPDATE account.addresses SET person_id = gen_random_uuid() WHERE person_id IS NOT NULL").await;
    let refused = fill(&monolith.args(2_000, true)).await.unwrap_err().to_string();
    assert!(refused.contains("addresses_person_id_fkey"), "{refused}");
    assert_eq!(monolith.proven().await, 6, "those before it hold");
}
