//! The statements of the fence that have to do with the way back, on a real server. On servers of their own: a new slot waits
//! for everybody's transactions.

use crate::support::pair::Pair;
use crate::support::{apart, eventually};
use rerp_split::fence::{Stmt, WayBack, render};
use rerp_split::names;
use rerp_split::spec::Direction;
use std::time::Duration;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

const LIMIT: Duration = Duration::from_secs(30);

/// Two sides with a stream, and one that leads back and doesn't run yet.
struct Bench {
    pair: Pair,
    a: Client,
    b: Client,
    t: Client,
}

impl Bench {
    async fn new(stem: &str) -> Self {
        let (one, two) = apart();
        let pair = Pair::create_on(one, two, stem).await;
        pair.stream().await;
        let (source, target) = pair.endpoints();
        let (a, b) = (source.connect("a").await.unwrap(), source.connect("b").await.unwrap());
        let t = target.connect("t").await.unwrap();
        let id = &pair.spec.migration;
        let (name, slot) = (names::publication(id, Direction::Back), names::slot(id, Direction::Back, pair.run));
        let publish = format!(
            "CREATE PUBLICATION {name} FOR TABLE app.item, app.entry, rerp_split.token_rev WHERE (migration = '{id}')"
        );
        t.batch_execute(&publish).await.unwrap();
        t.execute("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", &[&slot]).await.unwrap();
        let subscribe = format!(
            "CREATE SUBSCRIPTION {slot} CONNECTION 'host=127.0.0.1 port={} user=postgres dbname={}' PUBLICATION {name} \
             WITH (copy_data = false, create_slot = false, slot_name = '{slot}', enabled = false)",
            pair.target.cluster.port(),
            pair.target.database
        );
        b.batch_execute(&subscribe).await.unwrap();
        Self { pair, a, b, t }
    }

    async fn run(&self, client: &Client, stmt: &Stmt, column: &str) -> Result<Option<String>, Error> {
        let mut cfg = self.pair.config();
        cfg.way_back = WayBack::New;
        let messages = client.simple_query(&render(stmt, &cfg)).await;
        let value = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) if row.columns().iter().any(|c| c.name() == column) => {
                row.get(column).map(str::to_owned)
            }
            _ => None,
        };
        if messages.is_err() {
            let _ = client.batch_execute("ROLLBACK").await;
        }
        Ok(messages?.iter().find_map(value))
    }

    /// F5 to F9, the stream being at work.
    async fn switch(&self) {
        self.run(&self.b, &Stmt::P2Declare, "").await.unwrap();
        self.run(&self.t, &Stmt::P2Close, "").await.unwrap();
        let begun = self.a.simple_query(&render(&Stmt::F1Begin { epoch: 0 }, &self.pair.config())).await.unwrap();
        let hash = begun.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.columns().iter().any(|c| c.name() == "hash").then(|| row.get("hash")),
            _ => None,
        });
        let hash = hash.flatten().unwrap();
        let arm = format!("UPDATE rerp_split.owner SET armed = '{hash}', epoch = 1");
        self.t.batch_execute(&arm).await.unwrap();
        self.run(&self.a, &Stmt::F3Lock, "").await.unwrap();
        let token = self.run(&self.b, &Stmt::F5Token, "token").await.unwrap().unwrap().parse().unwrap();
        eventually("the token", LIMIT, || async {
            self.run(&self.t, &Stmt::F5Look(token), "answer").await.unwrap().as_deref() == Some("t")
        })
        .await;
        assert!(self.run(&self.t, &Stmt::F7Flush { epoch: 1, tokens: vec![token] }, "lsn").await.unwrap().is_some());
        self.run(&self.a, &Stmt::F8Close, "").await.unwrap();
        let proof = self.run(&self.b, &Stmt::F9Proof, "proof").await.unwrap().unwrap();
        let open = Stmt::F9Open(proof.parse().unwrap());
        assert_eq!(self.run(&self.t, &open, "answer").await.unwrap().as_deref(), Some("t"));
    }

    /// Where the slot of the way back stands.
    async fn kept_from(&self) -> String {
        let select = "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = $1";
        let slot = names::slot(&self.pair.spec.migration, Direction::Back, self.pair.run);
        self.t.query_one(select, &[&slot]).await.unwrap().get(0)
    }
}

fn code(result: Result<Option<String>, Error>) -> String {
    result.unwrap_err().code().unwrap().code().to_owned()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// What the source has written is in the slot's WAL as well: the way back begins behind it, and carries what comes after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f10_ends_the_stream_that_led_here_and_lets_the_way_back_begin_behind_what_it_brought() {
    let bench = Bench::new("f10s").await;
    let app = bench.pair.source.app().await;
    app.batch_execute("INSERT INTO app.item SELECT generate_series(1, 200)").await.unwrap();
    assert_eq!(code(bench.run(&bench.t, &Stmt::F10Stop { epoch: 1 }, "lsn").await), "RS002", "the target is closed");
    let enable = |position: &str| Stmt::F10Enable { position: position.to_owned() };
    for early in [Stmt::F10Slot, enable("0/1")] {
        assert_eq!(code(bench.run(&bench.b, &early, "answer").await), "RS002", "the source is open");
    }
    bench.switch().await;
    bench.pair.target.app().await.batch_execute("INSERT INTO app.item VALUES (1000, 7)").await.unwrap();
    // Each can be done twice.
    for _ in 0..2 {
        let position = bench.run(&bench.t, &Stmt::F10Stop { epoch: 1 }, "lsn").await.unwrap().unwrap();
        assert_eq!(count(&bench.t, "SELECT count(*) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())").await, 0);
        eventually("the slot is gone", LIMIT, || async {
            bench.run(&bench.b, &Stmt::F10Slot, "answer").await.is_ok_and(|answer| answer.as_deref() == Some("t"))
        })
        .await;
        assert_eq!(bench.run(&bench.b, &enable(&position), "answer").await.unwrap().as_deref(), Some("t"));
    }
    let came = "SELECT count(*) FROM app.item WHERE key = 1000 AND v = 7";
    eventually("the way back carries", LIMIT, || async { count(&bench.b, came).await == 1 }).await;
    assert_eq!(count(&bench.b, "SELECT count(*) FROM app.item").await, 201);
    let errors =
        "SELECT coalesce(sum(apply_error_count), 0)::int8 FROM pg_stat_subscription_stats WHERE subname LIKE $1";
    let prefix = format!("{}%", names::publication(&bench.pair.spec.migration, Direction::Back));
    let errors: i64 = bench.b.query_one(errors, &[&prefix]).await.unwrap().get(0);
    assert_eq!(errors, 0, "what the source had written came back to it");
    let end = |client, name: String| async move { end_subscription(client, &name).await };
    end(&bench.b, names::subscription(&bench.pair.spec.migration, Direction::Back, bench.pair.run)).await;
}

/// Takes a subscription with its slot away, as nobody else will.
async fn end_subscription(client: &Client, name: &str) {
    client.batch_execute(&format!("DROP SUBSCRIPTION {name}")).await.unwrap();
}

/// Nothing that a client may have written is ever passed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_the_slot_passes_what_has_come_only_while_nobody_can_write() {
    let bench = Bench::new("p3s").await;
    let made = bench.kept_from().await;
    bench.pair.source.app().await.batch_execute("INSERT INTO app.item SELECT generate_series(1, 200)").await.unwrap();
    eventually("it has come", LIMIT, || async { count(&bench.t, "SELECT count(*) FROM app.item").await == 200 }).await;
    // Its commit is on the disk for sure once a later one is.
    bench.t.batch_execute("CREATE TABLE app.later ()").await.unwrap();
    bench.run(&bench.t, &Stmt::P3Advance, "").await.unwrap();
    let advanced = bench.kept_from().await;
    assert_ne!(made, advanced);
    bench.switch().await;
    bench.pair.target.app().await.batch_execute("INSERT INTO app.item VALUES (1000, 7)").await.unwrap();
    assert_eq!(code(bench.run(&bench.t, &Stmt::P3Advance, "").await), "RS002");
    assert_eq!(bench.kept_from().await, advanced);
    end_subscription(&bench.b, &names::slot(&bench.pair.spec.migration, Direction::Back, bench.pair.run)).await;
    bench.run(&bench.t, &Stmt::F10Stop { epoch: 1 }, "lsn").await.unwrap();
    eventually("the slot is gone", LIMIT, || async {
        bench.run(&bench.b, &Stmt::F10Slot, "answer").await.is_ok_and(|answer| answer.as_deref() == Some("t"))
    })
    .await;
}

/// Rights that a side has had come back as they were; by what roles are for only where it has never owned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_keeps_the_rights_that_a_side_has_had() {
    let pair = Pair::create("p2s").await;
    let (source, target) = pair.endpoints();
    let (b, t) = (source.connect("b").await.unwrap(), target.connect("t").await.unwrap());
    let rights = "SELECT string_agg(x, ',' ORDER BY x) FROM (SELECT concat_ws(' ', relation, column_name, role_name, \
                  privilege, grantable) AS x FROM rerp_split.rights) AS r";
    let declared = async |client: &Client| -> Option<String> { client.query_one(rights, &[]).await.unwrap().get(0) };
    let odd = format!("GRANT SELECT (key) ON app.item TO {} WITH GRANT OPTION", pair.source.roles.read[0]);
    pair.source.migrate().await.batch_execute(&odd).await.unwrap();
    b.simple_query(&render(&Stmt::P2Declare, &pair.config())).await.unwrap();
    let had = declared(&b).await;
    // As in a rollback, in which the source is the side that opens.
    b.batch_execute("UPDATE rerp_split.owner SET is_owner = false").await.unwrap();
    let mut back = pair.config();
    (back.source, back.target) = (back.target.clone(), back.source.clone());
    b.simple_query(&render(&Stmt::P2Close, &back)).await.unwrap();
    assert_eq!(declared(&b).await, had);
    t.simple_query(&render(&Stmt::P2Close, &pair.config())).await.unwrap();
    assert!(declared(&t).await.is_some_and(|all| all.contains("SELECT")));
}
