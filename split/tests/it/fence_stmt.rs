//! Every statement of the fence on a real server does what the protocol says of it.
//!
//! Long because it is a list: one test per statement of the protocol.

use crate::support::pair::Pair;
use crate::support::{eventually, stream};
use jiff::{SignedDuration, Timestamp};
use rerp_split::fence::{Ahead, Closing, SchemaHash, Stmt, render};
use rerp_split::journal::{self, OwnerRow, Turn, Wish, run};
use rerp_split::phase::Phase;
use rerp_split::spec::Direction;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};
use uuid::Uuid;

/// A pair with its two sessions on the source and one on the target.
struct Bench {
    pair: Pair,
    a: Client,
    b: Client,
    t: Client,
}

impl Bench {
    async fn new(stem: &str) -> Self {
        let pair = Pair::create(stem).await;
        let (source, target) = pair.endpoints();
        let (a, b) = (source.connect("a").await.unwrap(), source.connect("b").await.unwrap());
        let t = target.connect("t").await.unwrap();
        Self { pair, a, b, t }
    }

    async fn run(&self, client: &Client, stmt: &Stmt) -> Result<Vec<SimpleQueryRow>, Error> {
        send(client, &render(stmt, &self.pair.config())).await
    }

    async fn owner(&self, client: &Client) -> OwnerRow {
        journal::read_owner(client, "app").await.unwrap().unwrap()
    }

    /// F1 and F2.
    async fn begin(&self) -> Closing {
        let epoch = self.owner(&self.b).await.epoch;
        let rows = self.run(&self.a, &Stmt::F1Begin { epoch }).await.unwrap();
        let closing = closing(&rows);
        self.run(&self.b, &Stmt::F1Journal(closing.clone())).await.unwrap();
        assert_eq!(text(&self.run(&self.t, &Stmt::F2Arm(closing.clone())).await.unwrap(), "epoch").len(), 1);
        closing
    }

    /// P2 to F8, the target holding nothing.
    async fn close(&self) -> Closing {
        self.run(&self.b, &Stmt::P2Declare).await.unwrap();
        self.run(&self.t, &Stmt::P2Close).await.unwrap();
        let closing = self.begin().await;
        self.run(&self.a, &Stmt::F3Lock).await.unwrap();
        self.run(&self.a, &Stmt::F8Close).await.unwrap();
        closing
    }

    async fn proof(&self) -> Uuid {
        text(&self.run(&self.b, &Stmt::F9Proof).await.unwrap(), "proof")[0].parse().unwrap()
    }

    async fn open(&self) -> bool {
        let proof = self.proof().await;
        answer(&self.run(&self.t, &Stmt::F9Open(proof)).await.unwrap())
    }
}

async fn send(client: &Client, sql: &str) -> Result<Vec<SimpleQueryRow>, Error> {
    let row = |message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None };
    Ok(client.simple_query(sql).await?.into_iter().filter_map(row).collect())
}

fn text(rows: &[SimpleQueryRow], column: &str) -> Vec<String> {
    let has = |row: &&SimpleQueryRow| row.columns().iter().any(|c| c.name() == column);
    rows.iter().filter(has).filter_map(|row| row.get(column).map(str::to_owned)).collect()
}

fn answer(rows: &[SimpleQueryRow]) -> bool {
    text(rows, "answer")[0] == "t"
}

fn closing(rows: &[SimpleQueryRow]) -> Closing {
    let one = |column| text(rows, column)[0].clone();
    Closing {
        epoch: one("epoch").parse().unwrap(),
        hash: one("hash"),
        pid: one("pid").parse().unwrap(),
        xid: one("xid"),
    }
}

fn code(result: Result<impl Sized, Error>) -> String {
    result.err().expect("it was not refused").code().map(|code| code.code().to_owned()).expect("no answer")
}

const WRITE: &str = "INSERT INTO app.item VALUES (1000)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wish_is_for_the_switch_only_if_nothing_speaks_against_it() {
    let bench = Bench::new("wish").await;
    let whole =
        Wish { advance_to: Phase::Completed, abort: false, suspend: false, services_prepared: true, until: None };
    for (wish, abort, prepared) in [
        (whole, "f", "t"),
        (Wish { advance_to: Phase::Cutover, ..whole }, "f", "t"),
        (Wish { advance_to: Phase::ReadyForCutover, ..whole }, "f", "f"),
        (Wish { suspend: true, ..whole }, "f", "f"),
        (Wish { services_prepared: false, ..whole }, "f", "f"),
        (Wish { abort: true, ..whole }, "t", "t"),
        (Wish { until: Some(Timestamp::UNIX_EPOCH), ..whole }, "f", "f"),
        (Wish { until: Some(Timestamp::now() + SignedDuration::from_hours(1)), ..whole }, "f", "t"),
    ] {
        journal::write_wish(&bench.b, &bench.pair.config().migration, &wish).await.unwrap();
        let rows = bench.run(&bench.b, &Stmt::ReadWish { epoch: 0 }).await.unwrap();
        assert_eq!(
            (text(&rows, "abort"), text(&rows, "services_prepared")),
            (vec![abort.into()], vec![prepared.into()]),
            "{wish:?}"
        );
    }
}

/// The wish stays where the data was at first, and is for one epoch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wish_to_go_back_is_for_one_epoch() {
    let bench = Bench::new("turn").await;
    let mut cfg = bench.pair.config();
    cfg.direction = Direction::Back;
    let wanted = async |epoch| {
        let rows = send(&bench.b, &render(&Stmt::ReadWish { epoch }, &cfg)).await.unwrap();
        text(&rows, "services_prepared")[0] == "t"
    };
    assert!(!wanted(3).await, "nobody has asked");
    let turn = Turn { rollback: Some(3), forward: Some(4) };
    journal::write_turn(&bench.b, &cfg.migration, turn).await.unwrap();
    assert_eq!((wanted(3).await, wanted(2).await, wanted(4).await), (true, false, false));
    assert_eq!(journal::read_turn(&bench.b, &cfg.migration).await.unwrap(), turn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_shows_only_the_hash_and_nobody_else_sees_anything() {
    let bench = Bench::new("f1").await;
    let rows = bench.run(&bench.a, &Stmt::F1Begin { epoch: 0 }).await.unwrap();
    let seen = closing(&rows);
    assert_eq!((seen.epoch, seen.hash.len()), (1, 64));
    assert!(text(&rows, "proof").is_empty());
    let outside = bench.owner(&bench.b).await;
    assert!(outside.is_owner && outside.epoch == 0 && outside.proof.is_none());
    let inside = "SELECT rerp_split.hash(proof) AS hash FROM rerp_split.owner";
    assert_eq!(text(&send(&bench.a, inside).await.unwrap(), "hash"), [seen.hash]);
    bench.run(&bench.a, &Stmt::Retreat).await.unwrap();
    assert!(bench.owner(&bench.b).await.is_owner);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_is_refused_at_another_epoch_and_after_a_newer_worker() {
    let mut bench = Bench::new("f1b").await;
    assert!(text(&bench.run(&bench.a, &Stmt::F1Begin { epoch: 3 }).await.unwrap(), "hash").is_empty());
    bench.run(&bench.a, &Stmt::Retreat).await.unwrap();
    let old = render(&Stmt::F1Begin { epoch: 0 }, &bench.pair.config());
    bench.pair.claim().await;
    assert_eq!(code(send(&bench.a, &old).await), "RS001");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_ends_by_itself_when_its_worker_sleeps() {
    let mut bench = Bench::new("f1c").await;
    bench.pair.spec.max_write_pause_ms = 200;
    bench.begin().await;
    bench.run(&bench.a, &Stmt::F3Lock).await.unwrap();
    let app = bench.pair.source.app().await;
    let begun = Instant::now();
    app.batch_execute(WRITE).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "the lock was held for {:?}", begun.elapsed());
    assert!(bench.run(&bench.a, &Stmt::F8Close).await.is_err());
    assert!(bench.owner(&bench.b).await.is_owner);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f2_arms_only_a_closed_side_that_is_not_ahead() {
    let bench = Bench::new("f2").await;
    let with = |epoch| Stmt::F2Arm(Closing { epoch, hash: "h".to_owned(), pid: 1, xid: "3".to_owned() });
    assert_eq!(text(&bench.run(&bench.t, &with(3)).await.unwrap(), "epoch"), ["3"]);
    let row = bench.owner(&bench.t).await;
    assert_eq!((row.epoch, row.is_owner, row.armed.as_deref()), (3, false, Some("h")));
    assert!(text(&bench.run(&bench.t, &with(2)).await.unwrap(), "epoch").is_empty(), "armed at an older epoch");
    bench.t.batch_execute("UPDATE rerp_split.owner SET is_owner = true").await.unwrap();
    assert!(text(&bench.run(&bench.t, &with(4)).await.unwrap(), "epoch").is_empty(), "armed an open side");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f3_waits_for_writers_but_not_for_long_and_lets_readers_through() {
    let bench = Bench::new("f3").await;
    let (mut writer, reader) = (bench.pair.source.app().await, bench.pair.source.app().await);
    let transaction = writer.transaction().await.unwrap();
    transaction.batch_execute(WRITE).await.unwrap();
    bench.begin().await;
    let begun = Instant::now();
    let refused = code(bench.run(&bench.a, &Stmt::F3Lock).await);
    assert!(["55P03", "57014"].contains(&refused.as_str()), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    bench.run(&bench.a, &Stmt::F3Unlock).await.unwrap();
    // The closing transaction has survived, and so has the writer's.
    assert_eq!(text(&send(&bench.a, "SELECT epoch FROM rerp_split.owner").await.unwrap(), "epoch"), ["1"]);
    transaction.commit().await.unwrap();
    bench.run(&bench.a, &Stmt::F3Lock).await.unwrap();
    assert_eq!(reader.query("SELECT FROM app.item", &[]).await.unwrap().len(), 1);
    writer.batch_execute("SET lock_timeout = '50ms'").await.unwrap();
    assert_eq!(code(writer.batch_execute("DELETE FROM app.item").await), "55P03");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f4_notices_a_changed_schema_and_a_table_that_is_not_published() {
    let bench = Bench::new("f4").await;
    let id = bench.pair.spec.migration.clone();
    let name = stream::publication(&id);
    let check = async |cfg: &rerp_split::fence::CutoverConfig| {
        let rows = send(&bench.b, &render(&Stmt::F4Check, cfg)).await.unwrap();
        (answer(&rows), text(&rows, "schema_same"))
    };
    let mut cfg = bench.pair.config();
    assert!(!check(&cfg).await.0, "no publication");
    let tokens = format!("rerp_split.token_fwd WHERE (migration = '{id}')");
    bench.b.batch_execute(&format!("CREATE PUBLICATION {name} FOR TABLE app.item, {tokens}")).await.unwrap();
    assert!(!check(&cfg).await.0, "a table is missing");
    bench.b.batch_execute(&format!("ALTER PUBLICATION {name} ADD TABLE app.entry WHERE (n > 3)")).await.unwrap();
    assert!(!check(&cfg).await.0, "rows are filtered");
    bench.b.batch_execute(&format!("ALTER PUBLICATION {name} SET TABLE app.item, app.entry")).await.unwrap();
    assert!(!check(&cfg).await.0, "tokens are missing");
    bench.b.batch_execute(&format!("ALTER PUBLICATION {name} ADD TABLE {tokens}")).await.unwrap();
    assert_eq!(check(&cfg).await, (true, vec![]));
    let query =
        "SELECT count(*)::text FROM pg_attribute WHERE attrelid = 'app.item'::regclass AND attnum > 0".to_owned();
    cfg.schema_hash = Some(SchemaHash { query, expected: "2".to_owned() });
    assert_eq!(check(&cfg).await, (true, vec!["t".to_owned()]));
    bench.b.batch_execute("ALTER TABLE app.item ADD COLUMN extra text").await.unwrap();
    assert_eq!(check(&cfg).await, (true, vec!["f".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f5_a_token_comes_after_everything_that_was_committed_before_it() {
    let bench = Bench::new("f5").await;
    bench.pair.stream().await;
    let app = bench.pair.source.app().await;
    for key in 0..200 {
        app.execute("INSERT INTO app.item VALUES ($1)", &[&key]).await.unwrap();
    }
    let rows = bench.run(&bench.b, &Stmt::F5Token).await.unwrap();
    let token: Uuid = text(&rows, "token")[0].parse().unwrap();
    eventually("the token", Duration::from_secs(20), || async {
        answer(&bench.run(&bench.t, &Stmt::F5Look(token)).await.unwrap())
    })
    .await;
    let count = "SELECT count(*) AS n FROM app.item";
    assert_eq!(text(&send(&bench.t, count).await.unwrap(), "n"), ["200"]);
    assert!(!answer(&bench.run(&bench.t, &Stmt::F5Look(Uuid::from_u128(1))).await.unwrap()));
    stream::stop(&bench.pair.spec.migration, &bench.pair.source, &bench.pair.target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_sequences_go_ahead_in_their_own_direction_within_their_limits_and_never_back() {
    let bench = Bench::new("f6").await;
    let make = "CREATE SEQUENCE app.up; CREATE SEQUENCE app.down INCREMENT -2 MINVALUE -100 MAXVALUE -1 START -1;
                CREATE SEQUENCE app.small MAXVALUE 50; CREATE SEQUENCE app.fresh START 500;
                CREATE SEQUENCE app.own";
    for client in [&bench.b, &bench.t] {
        client.batch_execute(make).await.unwrap();
    }
    let used = "SELECT setval('app.up', 70); SELECT nextval('app.down'); SELECT setval('app.small', 45);
                SELECT setval('app.own', 5)";
    bench.b.batch_execute(used).await.unwrap();
    bench.t.batch_execute("SELECT setval('app.own', 9000)").await.unwrap();
    let mut cfg = bench.pair.config();
    cfg.sequences = ["up", "down", "small", "fresh", "own"].map(str::to_owned).to_vec();
    let rows = send(&bench.b, &render(&Stmt::F6Read, &cfg)).await.unwrap();
    assert_eq!(text(&rows, "name").len(), 5);
    let states: Vec<Ahead> = rows
        .iter()
        .map(|row| {
            let number = |column| row.get(column).unwrap().parse::<i64>().unwrap();
            let called = row.get("is_called") == Some("t");
            let name = row.get("name").unwrap().to_owned();
            let state = rerp_split::fence::Sequence {
                name,
                last: number("last_value"),
                called,
                increment: number("seqincrement"),
            };
            rerp_split::fence::ahead(&state, 10)
        })
        .collect();
    send(&bench.t, &render(&Stmt::F6Set(states), &cfg)).await.unwrap();
    let next = async |name: &str| {
        let sql = format!("SELECT nextval('app.{name}') AS n");
        send(&bench.t, &sql).await.map(|rows| text(&rows, "n")[0].parse::<i64>().unwrap())
    };
    assert_eq!(next("up").await.unwrap(), 81);
    assert_eq!(next("down").await.unwrap(), -23);
    assert_eq!(code(next("small").await), "2200H", "beyond its end");
    assert_eq!(next("fresh").await.unwrap(), 510);
    assert_eq!(next("own").await.unwrap(), 9001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_and_f4_work_without_any_sequence() {
    let bench = Bench::new("f6none").await;
    let mut cfg = bench.pair.config();
    cfg.sequences.clear();
    for (client, stmt) in [(&bench.b, Stmt::F6Read), (&bench.t, Stmt::F6Set(vec![])), (&bench.t, Stmt::P2Close)] {
        send(client, &render(&stmt, &cfg)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_flushes_only_if_every_token_is_still_there() {
    let bench = Bench::new("f7").await;
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let id = &bench.pair.spec.migration;
    let add = async |token: Uuid| {
        // As apply does: committed, not flushed.
        let insert = format!("INSERT INTO rerp_split.token_fwd (migration, token) VALUES ('{id}', '{token}')");
        bench.t.batch_execute(&format!("SET synchronous_commit = off; {insert}")).await.unwrap();
    };
    add(one).await;
    let flush = Stmt::F7Flush { epoch: 1, tokens: vec![one, two] };
    assert!(text(&bench.run(&bench.t, &flush).await.unwrap(), "lsn").is_empty());
    add(two).await;
    let applied = text(&send(&bench.t, "SELECT pg_current_wal_insert_lsn() AS lsn").await.unwrap(), "lsn")[0].clone();
    assert_eq!(text(&bench.run(&bench.t, &flush).await.unwrap(), "lsn").len(), 1);
    let flushed = format!("SELECT pg_current_wal_flush_lsn() >= '{applied}' AS answer");
    assert!(answer(&send(&bench.t, &flushed).await.unwrap()), "what was applied is not durable");
}

/// Whoever tries, a closed side takes no write and shows no stale row to the service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_closes_for_everyone() {
    let bench = Bench::new("f8").await;
    let source = &bench.pair.source;
    let owner = &source.roles.owner;
    let back_doors = format!(
        "CREATE VIEW app.window AS SELECT * FROM app.item;
         CREATE FUNCTION app.door() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ {WRITE} $$;
         GRANT INSERT, SELECT ON app.window TO {app}; GRANT EXECUTE ON FUNCTION app.door() TO {app};
         SET ROLE {owner}; GRANT SELECT (key) ON app.item TO {read}",
        app = source.roles.app[0],
        read = source.roles.read[0]
    );
    source.admin().await.batch_execute(&back_doors).await.unwrap();
    let (app, migrate, admin) = (source.app().await, source.migrate().await, source.admin().await);
    bench.close().await;
    for write in [WRITE, "UPDATE app.item SET v = 1", "DELETE FROM app.item", "TRUNCATE app.entry"] {
        assert_eq!(code(app.batch_execute(write).await), "42501", "the service: {write}");
        assert_eq!(code(migrate.batch_execute(write).await), "42501", "the owner: {write}");
        assert_eq!(code(admin.batch_execute(write).await), "42501", "the superuser: {write}");
    }
    assert_eq!(code(app.batch_execute("INSERT INTO app.window VALUES (1001)").await), "42501", "a view");
    assert_eq!(code(app.batch_execute("SELECT app.door()").await), "42501", "a SECURITY DEFINER function");
    assert_eq!(code(app.batch_execute("COPY app.item FROM STDIN").await), "42501", "COPY");
    assert_eq!(code(app.batch_execute("SELECT nextval('app.entry_id_seq')").await), "42501", "a sequence");
    for read in ["SELECT FROM app.item", "SELECT key FROM app.item"] {
        assert_eq!(code(app.batch_execute(read).await), "42501", "a stale read: {read}");
    }
    // The owner gives its rights back to itself: the guards still stand.
    let regrant = format!("GRANT ALL ON app.item TO {owner}; {WRITE}");
    assert_eq!(code(migrate.batch_execute(&regrant).await), "42501");
    let row = bench.owner(&bench.b).await;
    assert!(!row.is_owner && row.epoch == 1 && row.proof.is_some() && row.armed.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_stops_a_repeatable_read_transaction_that_began_before() {
    let bench = Bench::new("f8rr").await;
    let admin = bench.pair.source.admin().await;
    admin.batch_execute("INSERT INTO app.item VALUES (1)").await.unwrap();
    let stale = bench.pair.source.admin().await;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM app.item; SELECT is_owner FROM rerp_split.owner";
    stale.batch_execute(begin).await.unwrap();
    bench.close().await;
    let row = stale.query_one("SELECT is_owner FROM rerp_split.owner", &[]).await.unwrap();
    assert!(row.get::<_, bool>(0), "its snapshot is meant to be older than the closing");
    assert_eq!(code(stale.batch_execute("UPDATE app.item SET v = 5").await), "42501");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_refuses_whoever_was_queued_behind_the_lock() {
    let bench = Bench::new("f8q").await;
    bench.run(&bench.b, &Stmt::P2Declare).await.unwrap();
    bench.run(&bench.t, &Stmt::P2Close).await.unwrap();
    bench.begin().await;
    bench.run(&bench.a, &Stmt::F3Lock).await.unwrap();
    let mut queued = Vec::new();
    for client in [bench.pair.source.app().await, bench.pair.source.admin().await] {
        queued.push(tokio::spawn(async move { code(client.batch_execute(WRITE).await) }));
    }
    eventually("writers queue", Duration::from_secs(10), || async {
        let waiting = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = 'app.item'::regclass";
        text(&send(&bench.b, waiting).await.unwrap(), "n") == ["2"]
    })
    .await;
    bench.run(&bench.a, &Stmt::F8Close).await.unwrap();
    for task in queued {
        assert_eq!(task.await.unwrap(), "42501");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_on_any_other_session_closes_nothing() {
    let bench = Bench::new("f8other").await;
    bench.begin().await;
    assert_eq!(code(bench.run(&bench.b, &Stmt::F8Close).await), "25P01");
    bench.run(&bench.a, &Stmt::Retreat).await.unwrap();
    bench.pair.source.app().await.batch_execute(WRITE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f8_in_doubt_the_transactions_fate_is_told() {
    let bench = Bench::new("fate").await;
    let fate = async |closing: &Closing| {
        text(&bench.run(&bench.b, &Stmt::F8Status(closing.clone())).await.unwrap(), "fate")[0].clone()
    };
    let first = bench.begin().await;
    assert_eq!(fate(&first).await, "in progress");
    bench.run(&bench.a, &Stmt::Retreat).await.unwrap();
    assert_eq!(fate(&first).await, "aborted");
    let second = bench.close().await;
    assert_eq!(fate(&second).await, "committed");
    assert_ne!(first.hash, second.hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f9_opens_once_and_only_for_the_proof() {
    let bench = Bench::new("f9").await;
    bench.close().await;
    let app = bench.pair.target.app().await;
    assert_eq!(code(app.batch_execute(WRITE).await), "42501", "open too early");
    let wrong = Stmt::F9Open(Uuid::from_u128(5));
    assert!(!answer(&bench.run(&bench.t, &wrong).await.unwrap()));
    assert_eq!(code(app.batch_execute(WRITE).await), "42501");
    let proof = bench.proof().await;
    // The first client does it, with the service's rights.
    let open = "SELECT rerp_split.open($1, $2)";
    let id = &bench.pair.spec.migration;
    assert!(app.query_one(open, &[id, &proof]).await.unwrap().get::<_, bool>(0));
    app.batch_execute(WRITE).await.unwrap();
    app.batch_execute("SELECT nextval('app.entry_id_seq')").await.unwrap();
    assert!(answer(&bench.run(&bench.t, &Stmt::F9Open(proof)).await.unwrap()), "a repeat");
    assert!(!answer(&bench.run(&bench.t, &wrong).await.unwrap()));
    let row = bench.owner(&bench.t).await;
    assert!(row.is_owner && row.epoch == 1 && row.armed.is_none());
    // A later closing makes the old proof worthless.
    bench.t.batch_execute("UPDATE rerp_split.owner SET is_owner = false, epoch = 2").await.unwrap();
    assert!(!answer(&bench.run(&bench.t, &Stmt::F9Open(proof)).await.unwrap()), "an old proof opened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f9_gives_each_role_what_it_is_for_and_nobody_else_anything() {
    let bench = Bench::new("f9roles").await;
    bench.close().await;
    assert!(bench.open().await);
    let target = &bench.pair.target;
    let may = async |role: &str, relation: &str, privilege: &str| -> bool {
        let kind = if relation.ends_with("_seq") { "sequence" } else { "table" };
        let sql = format!("SELECT has_{kind}_privilege($1, $2, $3)");
        bench.t.query_one(&sql, &[&role, &relation, &privilege]).await.unwrap().get(0)
    };
    let (app, read) = (&target.roles.app[0], &target.roles.read[0]);
    for privilege in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
        assert!(may(app, "app.item", privilege).await, "{privilege}");
        assert_eq!(may(read, "app.item", privilege).await, privilege == "SELECT", "{privilege}");
    }
    assert!(!may(app, "app.item", "TRUNCATE").await && !may("public", "app.item", "SELECT").await);
    assert!(may(app, "app.entry_id_seq", "USAGE").await && !may(app, "app.entry_id_seq", "UPDATE").await);
    target.migrate().await.batch_execute("ALTER TABLE item ADD COLUMN note text; TRUNCATE entry").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f9_many_clients_at_once_all_hear_yes() {
    let bench = Bench::new("f9many").await;
    bench.close().await;
    let proof = bench.proof().await;
    let mut tasks = Vec::new();
    for _ in 0..12 {
        let (client, id) = (bench.pair.target.app().await, bench.pair.spec.migration.clone());
        tasks.push(tokio::spawn(async move {
            let row = client.query_one("SELECT rerp_split.open($1, $2)", &[&id, &proof]).await.unwrap();
            (row.get::<_, bool>(0), client.batch_execute("SELECT FROM app.item").await.is_ok())
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), (true, true));
    }
}

/// A side that was closed before gets back exactly what it had, guards gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taking_back_opens_the_source_exactly_as_it_was_and_never_the_target() {
    let bench = Bench::new("take").await;
    let source = &bench.pair.source;
    let (app, read) = (&source.roles.app[0], &source.roles.read[0]);
    let odd = format!(
        "REVOKE DELETE ON app.item FROM {app}; REVOKE SELECT ON app.item FROM {read};
         GRANT SELECT (key), UPDATE (v) ON app.item TO {read}; GRANT TRUNCATE ON app.entry TO {app} WITH GRANT OPTION"
    );
    source.migrate().await.batch_execute(&odd).await.unwrap();
    let rights = "SELECT string_agg(x::text, ' ' ORDER BY x::text) AS x FROM (
        SELECT c.relname, '' AS column, g.* FROM pg_class c, aclexplode(relacl) g WHERE relnamespace = 'app'::regnamespace
        UNION ALL SELECT c.relname, t.attname, g.* FROM pg_class c JOIN pg_attribute t ON attrelid = c.oid,
            aclexplode(attacl) g WHERE relnamespace = 'app'::regnamespace) AS x";
    let before = text(&send(&bench.b, rights).await.unwrap(), "x");
    bench.close().await;
    assert_ne!(text(&send(&bench.b, rights).await.unwrap(), "x"), before);
    let old_proof = bench.proof().await;

    let taking = closing(&bench.run(&bench.t, &Stmt::TakeBegin { epoch: 1 }).await.unwrap());
    assert_eq!(taking.epoch, 2);
    let other = bench.pair.target.admin().await;
    assert!(text(&bench.run(&other, &Stmt::TakeProof).await.unwrap(), "proof").is_empty(), "published too early");
    bench.run(&bench.b, &Stmt::TakeArm(taking)).await.unwrap();
    bench.run(&bench.t, &Stmt::TakeCommit).await.unwrap();
    assert!(!answer(&bench.run(&bench.t, &Stmt::F9Open(old_proof)).await.unwrap()), "the target opened all the same");
    let proof: Uuid = text(&bench.run(&bench.t, &Stmt::TakeProof).await.unwrap(), "proof")[0].parse().unwrap();
    let client = source.app().await;
    let open = "SELECT rerp_split.open($1, $2)";
    assert!(client.query_one(open, &[&bench.pair.spec.migration, &proof]).await.unwrap().get::<_, bool>(0));
    client.batch_execute(WRITE).await.unwrap();
    assert_eq!(text(&send(&bench.b, rights).await.unwrap(), "x"), before);
    assert!(bench.owner(&bench.b).await.is_owner && bench.owner(&bench.b).await.epoch == 2);
    // And forward again.
    let epoch = bench.close().await.epoch;
    assert_eq!(epoch, 3);
    assert!(bench.open().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taking_back_that_loses_the_race_is_refused() {
    let bench = Bench::new("race").await;
    bench.close().await;
    assert!(bench.open().await);
    let rows = bench.run(&bench.t, &Stmt::TakeBegin { epoch: 1 }).await.unwrap();
    assert!(text(&rows, "hash").is_empty());
    bench.run(&bench.t, &Stmt::TakeRetreat).await.unwrap();
    assert_eq!(code(bench.run(&bench.t, &Stmt::TakeCommit).await), "25P01", "outside of its transaction");
    assert!(bench.owner(&bench.t).await.is_owner);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_never_closes_a_target_that_is_open_and_never_forgets_the_rights_of_a_closed_source() {
    let bench = Bench::new("p2").await;
    bench.close().await;
    assert!(bench.open().await);
    assert_eq!(code(bench.run(&bench.t, &Stmt::P2Close).await), "RS002");
    assert_eq!(code(bench.run(&bench.b, &Stmt::P2Declare).await), "RS002");
    bench.t.batch_execute("ROLLBACK").await.unwrap();
    bench.pair.target.app().await.batch_execute(WRITE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_sees_an_old_transaction_that_writes_and_not_one_that_reads() {
    let bench = Bench::new("p5").await;
    let (reader, writer) = (bench.pair.source.app().await, bench.pair.source.app().await);
    reader.batch_execute("BEGIN; SELECT * FROM app.item").await.unwrap();
    writer.batch_execute(&format!("BEGIN; {WRITE}")).await.unwrap();
    let quiet = async || answer(&bench.run(&bench.b, &Stmt::P5Quiet).await.unwrap());
    eventually("it becomes old", Duration::from_secs(10), || async { !quiet().await }).await;
    writer.batch_execute("COMMIT").await.unwrap();
    assert!(quiet().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f10_leaves_no_attempt_and_nothing_armed() {
    let bench = Bench::new("f10").await;
    bench.close().await;
    assert!(bench.open().await);
    bench.run(&bench.b, &Stmt::F10Tidy).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM rerp_split.attempt) + (SELECT count(armed) FROM rerp_split.owner) AS n";
    assert_eq!(text(&send(&bench.b, left).await.unwrap(), "n"), ["0"]);
    assert!(run::hold(&bench.b, &bench.pair.spec.migration, bench.pair.run).await.is_ok());
}
