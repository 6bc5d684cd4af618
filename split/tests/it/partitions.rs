//! Partitioned tables: they move whole, level by level, while rows go from one partition to another.

use crate::support::side::Side;
use crate::support::{apart, eventually};
use crate::world::{LIMIT, World, catalog};
use rerp_split::phase::Phase;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

/// The part of the schema that is partitioned. It has a foreign key to what stays, and one from there.
const TREE: [&str; 6] = ["event", "event_2025", "event_2026", "Event 2026 A", "event_2026_rest", "event_rest"];

/// How the tree is built: bounds and keys of each level, and which index of a partition belongs to which above it.
const SHAPE: &str = r"
SELECT format('%s %s %s', c.relname, coalesce(pg_get_partkeydef(c.oid), ''), coalesce(pg_get_expr(c.relpartbound, c.oid), ''))
  FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace AND c.relname ILIKE 'event%' AND c.relkind IN ('r', 'p')
UNION ALL SELECT format('index %s below %s valid %s', x.relname, p.relname, i.indisvalid)
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
  LEFT JOIN pg_inherits h ON h.inhrelid = x.oid LEFT JOIN pg_class p ON p.oid = h.inhparent
  WHERE c.relnamespace = 'app'::regnamespace AND c.relname ILIKE 'event%'
UNION ALL SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace = 'app'::regnamespace AND contype IN ('p', 'f') AND conparentid = 0
UNION ALL SELECT format('trigger %s %s', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text ~ 'event'
  AND NOT starts_with(tgname, 'rerp_')
ORDER BY 1";

/// Whether it is the fence that refuses.
fn is_closed(error: &Error) -> bool {
    error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)
}

async fn shape(client: &Client) -> Vec<String> {
    let rows = client.query(SHAPE, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Every row on the side that holds it, and the other side once the stream has carried it.
async fn are_the_same(world: &World) {
    let same = || async {
        let (source, target) = world.contents().await;
        source == target
    };
    eventually("both sides have the same rows", LIMIT, same).await;
}

/// Events that come by every name of the tree, change their place in it, and go.
struct Movers {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicI64>,
    task: tokio::task::JoinHandle<Vec<String>>,
}

impl Movers {
    /// `open` is where the data is; a refusal there sends them to the other side.
    fn start(world: &World, open: usize) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
        let sides = [world.source.clone(), world.target.clone()];
        let task = tokio::spawn(moves(sides, open, stop.clone(), done.clone()));
        Self { stop, done, task }
    }

    async fn more(&self, count: i64) {
        let wanted = self.done.load(Ordering::Relaxed) + count;
        eventually("events move", LIMIT, || async { self.done.load(Ordering::Relaxed) >= wanted }).await;
    }

    /// What refused them besides a side that was closed.
    async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

async fn moves(sides: [Side; 2], open: usize, stop: Arc<AtomicBool>, done: Arc<AtomicI64>) -> Vec<String> {
    let clients = [sides[0].app().await, sides[1].app().await];
    let (mut open, mut errors) = (open, Vec::new());
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let statement = [
            format!("INSERT INTO app.event (at, kind) VALUES (date '2024-06-01' + {} , 'a')", number % 1500),
            "INSERT INTO app.event_2025 (id, at, kind) VALUES (nextval('app.event_id_seq'), '2025-05-05', 'z')".into(),
            "UPDATE app.event SET at = at + 200, kind = 'd' WHERE id IN (SELECT id FROM app.event ORDER BY random() LIMIT 3)".into(),
            "UPDATE app.event_2026 SET kind = 'a' WHERE id IN (SELECT id FROM app.event_2026_rest LIMIT 2)".into(),
            "DELETE FROM app.event WHERE id IN (SELECT id FROM app.event_rest LIMIT 1)".into(),
        ][number % 5]
            .clone();
        match clients[open].batch_execute(&statement).await {
            Ok(()) => {
                done.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) if is_closed(&error) => open = 1 - open,
            Err(error) => errors.push(format!("{statement}: {error:?}")),
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    errors
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_partitioned_table_moves_while_rows_change_their_partitions() {
    let (from, to) = apart();
    let world = World::between(from, to).await.filled(6_000).await.with_way_back();
    let (source, target) = (world.source.admin().await, world.target.admin().await);
    // This one the service reaches by the whole only.
    let roles: Vec<&str> = world.source.roles.service().collect();
    let hidden = format!("REVOKE ALL ON app.\"Event 2026 A\" FROM {}", roles.join(", "));
    source.batch_execute(&hidden).await.unwrap();
    let built = shape(&source).await;
    let before = catalog(&source).await;

    let movers = Movers::start(&world, 0);
    movers.more(100).await;
    world.succeeds("run", &["--advance-to", "Cutover"]).await;
    movers.more(100).await;
    assert_eq!(movers.end().await, Vec::<String>::new());
    are_the_same(&world).await;
    assert_eq!(shape(&target).await, built);
    let may = "SELECT has_table_privilege($1, 'app.\"Event 2026 A\"', 'SELECT'), has_table_privilege($1, 'app.event_rest', 'DELETE')";
    let row = target.query_one(may, &[&world.target.roles.app[0]]).await.unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1)), (false, true), "no more by name than it had");

    // By every name the source is closed, and the target open.
    let closed = world.source.app().await;
    for table in ["event", "event_2026", "\"Event 2026 A\"", "event_rest"] {
        let statement = format!("DELETE FROM app.{table}");
        assert!(is_closed(&closed.batch_execute(&statement).await.unwrap_err()), "{table}");
    }

    let movers = Movers::start(&world, 1);
    movers.more(100).await;
    world.succeeds("rollback", &["--epoch", "1"]).await;
    movers.more(100).await;
    assert_eq!(movers.end().await, Vec::<String>::new());
    are_the_same(&world).await;
    world.succeeds("abort", &[]).await;
    assert_eq!((catalog(&source).await, shape(&source).await), (before, built));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_that_was_named_moves_whole_and_takes_no_new_partition_meanwhile() {
    let world = World::some(500, &TREE[..5]).await.severed(false);
    let output = world.run("run", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && text.contains("partition-tree") && text.contains("app.event_rest"), "{text}");

    let world = World::some(500, &TREE).await.severed(false);
    world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
    let migrate = world.source.migrate().await;
    for ddl in [
        "CREATE TABLE app.event_2027 PARTITION OF app.event FOR VALUES FROM ('2027-06-01') TO ('2028-01-01')",
        "CREATE TABLE app.event_2028 (LIKE app.event INCLUDING ALL); \
         ALTER TABLE app.event ATTACH PARTITION app.event_2028 FOR VALUES FROM ('2028-06-01') TO ('2029-01-01')",
        "DROP TABLE app.event_2025 CASCADE",
    ] {
        let error = migrate.batch_execute(ddl).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "55000", "{ddl}: {error:?}");
    }
    migrate.batch_execute("CREATE TABLE app.other (id int PRIMARY KEY)").await.unwrap();
    world.succeeds("run", &[]).await;
    assert_eq!(world.status(&world.source.admin().await).await.unwrap().phase, Phase::Completed);
    let rows = |client: Client| async move {
        client.query_one("SELECT count(*), count(DISTINCT tableoid) FROM app.event", &[]).await.unwrap()
    };
    let row = rows(world.target.app().await).await;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (500, 4));
}

/// Who reads the whole no longer reads it, and who reads the partition does: nobody could say what is to move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_is_half_detached_is_named_until_that_has_ended() {
    let world = World::some(100, &["log", "log_1"]).await;
    let (migrate, reader) = (world.source.migrate().await, world.source.admin().await);
    let tree = "CREATE TABLE app.log (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE app.log_1 PARTITION OF app.log FOR VALUES FROM (0) TO (10)";
    migrate.batch_execute(tree).await.unwrap();
    // It waits for whoever has read the whole, and is called off.
    reader.batch_execute("BEGIN; SELECT FROM app.log").await.unwrap();
    migrate.batch_execute("SET statement_timeout = '300ms'").await.unwrap();
    migrate.batch_execute("ALTER TABLE app.log DETACH PARTITION app.log_1 CONCURRENTLY").await.unwrap_err();
    reader.batch_execute("COMMIT").await.unwrap();

    let output = world.run("plan", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let fix = r#"ALTER TABLE app.log DETACH PARTITION "app"."log_1" FINALIZE"#;
    assert!(text.contains("partition-tree") && text.contains(fix), "{text}");
    migrate.batch_execute(fix).await.unwrap();
    let output = world.run("plan", &[]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("partition-tree"), "{text}");
}
