//! The seed against a real PostgreSQL server with the services' own schemas.

#[allow(dead_code, unreachable_pub)]
use crate::cluster::Cluster;
use rerp_account::domain::company::CompanyName;
use rerp_identity::domain::email::EmailAddress;
use rerp_identity::domain::phone::PhoneNumber;
use rerp_traffic::generate::rng::{Rng, base36};
use rerp_traffic::generate::{address, company, people};
use rerp_traffic::seed::args::{DEFAULT_ROWS, SeedArgs};
use rerp_traffic::seed::run::fill;
use std::fs;
use std::path::{Path, PathBuf};
use tokio_postgres::Client;

const IDENTITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../identity/migrations");
const ACCOUNT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../account/migrations");
const MARKETING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../marketing/migrations");

async fn schema(client: &Client, name: &str, migrations: &str) {
    client.batch_execute(&format!("CREATE SCHEMA {name}; SET search_path = {name}")).await.unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        client.batch_execute(&fs::read_to_string(file).unwrap()).await.unwrap();
    }
}

/// A monolith with all schemas, and arguments that lead to it.
async fn monolith(cluster: &Cluster, dir: &Path, rows: u64) -> (Client, SeedArgs) {
    let client = cluster.client("postgres").await;
    schema(&client, "identity", IDENTITY).await;
    schema(&client, "account", ACCOUNT).await;
    schema(&client, "marketing", MARKETING).await;
    let uri = |schema: &str| {
        let file = dir.join(schema);
        fs::write(&file, format!("{}?options=-csearch_path%3D{schema}\n", cluster.url("postgres"))).unwrap();
        file
    };
    let args = SeedArgs {
        rows,
        seed: 7,
        identity_uri_file: uri("identity"),
        account_uri_file: uri("account"),
        marketing_uri_file: uri("marketing"),
        foreign_keys: false,
    };
    (client, args)
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Rows of a schema, or of all three.
async fn rows(client: &Client, schemas: &[&str]) -> i64 {
    let mut sum = 0;
    for schema in schemas {
        let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1";
        for table in client.query(tables, &[schema]).await.unwrap() {
            sum += number(client, &format!("SELECT count(*) FROM {}", table.get::<_, String>(0))).await;
        }
    }
    sum
}

const ALL: [&str; 3] = ["identity", "account", "marketing"];

#[tokio::test(flavor = "multi_thread")]
async fn a_second_seed_adds_nothing() {
    let (cluster, dir) = (Cluster::start(), tempfile::tempdir().unwrap());
    let (client, args) = monolith(&cluster, dir.path(), 20_000).await;
    fill(&args).await.unwrap();
    assert_eq!(rows(&client, &ALL).await, 20_000);
    assert_eq!(rows(&client, &["identity"]).await, 17_398);
    fill(&args).await.unwrap();
    assert_eq!(rows(&client, &ALL).await, 20_000);
    let orphans = "SELECT count(*) FROM marketing.email_captures c LEFT JOIN identity.email_addresses e ON e.id = c.email_address_id
        WHERE e.id IS NULL";
    assert_eq!(number(&client, orphans).await, 0);
    let both = "SELECT count(*) FROM identity.verification_tracking WHERE both_verified";
    assert!(number(&client, both).await > 500);
    let untold = "SELECT count(*) FROM identity.verification_tracking WHERE both_verified AND announced_at IS NULL";
    assert!(
        (1..50).contains(&number(&client, untold).await),
        "of a few Identity is to tell, of all others somebody has"
    );

    let other = SeedArgs { rows: 10_000, ..args };
    let refused = fill(&other).await.unwrap_err().to_string();
    assert!(refused.contains("email_addresses holds rows of seed 7"), "{refused}");
    assert_eq!(rows(&client, &ALL).await, 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_fails_leaves_nothing() {
    let (cluster, dir) = (Cluster::start(), tempfile::tempdir().unwrap());
    let (client, args) = monolith(&cluster, dir.path(), 20_000).await;
    // The last of the tables refuses.
    client.batch_execute("ALTER TABLE identity.admins ADD CHECK (role <> 'admin')").await.unwrap();
    let failed = fill(&args).await.unwrap_err().to_string();
    assert_eq!(failed, "copying into admins");
    assert_eq!(rows(&client, &ALL).await, 0);
}

/// Run by hand: the size that the demo promises. `cargo test -p rerp-traffic --test seed -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute; the demo measures the same in the cluster"]
async fn the_default_size_weighs_more_than_200_megabytes() {
    let (cluster, dir) = (Cluster::start(), tempfile::tempdir().unwrap());
    let (client, args) = monolith(&cluster, dir.path(), DEFAULT_ROWS).await;
    fill(&args).await.unwrap();
    assert_eq!(rows(&client, &ALL).await, 1_000_000);
    assert!(rows(&client, &["identity"]).await >= 500_000);
    let weight = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
        WHERE relnamespace = 'identity'::regnamespace AND relkind = 'r'";
    let bytes = number(&client, weight).await;
    assert!(bytes > 200_000_000, "{bytes}");
}

#[test]
fn identity_stores_every_generated_address_as_the_generator_says() {
    for i in 0..50_000 {
        let mut rng = Rng::of(3, "canonical", i);
        let address = address::draw(&mut rng, &format!("r123456n{}", base36(i)));
        let stored = EmailAddress::parse(&address.typed).map(|email| email.as_str().to_owned());
        assert_eq!(stored, Ok(address.canonical.clone()), "{}", address.typed);
    }
}

#[test]
fn identity_takes_every_generated_telephone_as_it_is_stored() {
    for i in 0..5_000 {
        let (number, code) = people::phone(&mut Rng::of(3, "telephone", i));
        let taken = PhoneNumber::parse(&number).map(|number| number.as_str().to_owned());
        assert_eq!(taken, Ok(number.clone()), "{number} {code}");
    }
}

#[test]
fn account_compares_every_generated_company_as_the_generator_says() {
    for i in 0..20_000 {
        let mut rng = Rng::of(3, "company", i);
        let proper = company::draw(&mut rng, &format!("r123456c{}", base36(i)));
        let spelled = company::respell(&mut rng, &proper);
        for name in [&proper, &spelled] {
            let stored = CompanyName::parse(&name.typed).map(|name| name.key().to_owned());
            assert_eq!(stored, Ok(name.key.clone()), "{}", name.typed);
        }
        let shown = CompanyName::parse(&proper.typed).map(|name| name.shown().to_owned());
        assert_eq!(shown, Ok(proper.typed));
    }
}
