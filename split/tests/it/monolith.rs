//! A monolith as they are: everything in `public`, all of it owned by the one login that the services use, types and functions that what
//! moves shares with what stays. The program is given two URLs, a schema and tables, and nothing else.

use crate::support::apart;
use crate::support::cluster::connect;
use crate::support::side::Side;
use crate::world::World;
use std::process::{Command, Stdio};
use tokio_postgres::Client;

const TABLES: &str = "
CREATE TYPE kind AS ENUM ('private', 'company');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL, kind kind NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE emails (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, address text NOT NULL UNIQUE);
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, kind kind NOT NULL, updated_at timestamptz);
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO users (name, kind) SELECT 'u' || n, (enum_range(NULL::kind))[1 + n % 2] FROM generate_series(1, 500) n;
INSERT INTO emails (user_id, address) SELECT n, n || '@x.y' FROM generate_series(1, 500) n;
INSERT INTO orders (user_id, kind) SELECT n, 'company' FROM generate_series(1, 500) n;
";
/// What a person is told to run stands before this.
const UNTIL: &str = "; then name it as the owner";

/// Exit code, and all that was said.
async fn program(world: &World, command: &str, more: &[&str]) -> (Option<i32>, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_rerp-split"));
    process.arg(command).args(["--schema", "public", "--table", "users", "--table", "emails"]).args(more);
    process.env("RERP_SOURCE_URL", world.source.url()).env("RERP_TARGET_URL", world.target.url());
    process.env("RERP_PG_DUMP", world.pg_dump()).env_remove("RUST_LOG").stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Whoever the services log in as.
async fn shop(side: &Side) -> Client {
    connect(&side.cluster.config("shop", &side.database)).await
}

async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_leave_public_though_the_login_of_the_services_owned_them() {
    let (from, to) = apart();
    let world = World::between(from, to).await;
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    source.batch_execute("CREATE ROLE shop LOGIN; ALTER SCHEMA public OWNER TO shop").await.unwrap();
    shop(&world.source).await.batch_execute(TABLES).await.unwrap();
    target.batch_execute("CREATE ROLE shop LOGIN; CREATE ROLE public_owner NOLOGIN").await.unwrap();

    let (code, text) = program(&world, "plan", &[]).await;
    assert_eq!(code, Some(2), "{text}");
    let told = text.lines().find_map(|line| line.trim().strip_prefix("fix: CREATE ROLE"));
    let statements = told.and_then(|fix| Some(fix.split_once(UNTIL)?.0)).unwrap_or_else(|| panic!("{text}"));
    source.batch_execute(&format!("CREATE ROLE{statements}")).await.unwrap();

    let (code, text) = program(&world, "plan", &[]).await;
    assert_eq!(code, Some(2), "{text}");
    for part in ["foreign-key on the source", "\"orders_user_id_fkey\" on public.orders", "schema-owner on the target"]
    {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    target.batch_execute("ALTER SCHEMA public OWNER TO public_owner").await.unwrap();
    let (code, text) = program(&world, "run", &["--foreign-keys", "sever"]).await;
    assert_eq!(code, Some(0), "{text}");

    let (here, there) = (shop(&world.source).await, shop(&world.target).await);
    there
        .batch_execute("INSERT INTO emails (user_id, address) VALUES (1, 'new@x.y'); UPDATE users SET kind = 'company'")
        .await
        .unwrap();
    assert_eq!((count(&there, "users").await, count(&there, "emails").await), (500, 501));
    here.batch_execute("INSERT INTO orders (user_id, kind) VALUES (1, 'private'); UPDATE orders SET kind = 'private'")
        .await
        .unwrap();
    assert_eq!(count(&here, "orders").await, 501);
    for closed in
        ["SELECT FROM users", "INSERT INTO emails (user_id, address) VALUES (1, 'late@x.y')", "TRUNCATE emails"]
    {
        assert!(here.batch_execute(closed).await.is_err(), "{closed}");
    }
    assert!(there.query("SELECT FROM orders", &[]).await.is_err(), "it stays");
}
