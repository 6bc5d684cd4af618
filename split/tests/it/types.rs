//! Every type of column is copied and compared: what the type itself takes for equal, or tells apart by its last byte, is a difference.

use crate::support::cluster::Cluster;
use crate::support::cluster::installed::installed;
use crate::world::World;
use std::fmt::Write;
use std::sync::Arc;

/// Types of our own and of extensions.
const MADE: &str = "CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION hstore SCHEMA public;";
const TYPES: &str = "CREATE TYPE app.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN app.price AS numeric; \
    CREATE TYPE app.place AS (street text, zip numeric); CREATE TYPE app.span AS RANGE (subtype = float8);";

/// A type, and two of its values.
const KINDS: &[(&str, &str, &str)] = &[
    ("bool", "true", "false"),
    ("\"char\"", "a", "b"),
    ("name", "a", "b"),
    ("int2", "1", "257"),
    ("int4", "1", "16777217"),
    // Their halves are the same when they are folded into one.
    ("int8", "1", "4294967296"),
    ("float4", "0", "-0"),
    ("float8", "0", "-0"),
    ("numeric", "1.0", "1.00"),
    ("money", "1", "2"),
    ("text", "a", "a "),
    ("varchar", "", " "),
    ("bpchar", "a", "a "),
    ("char(3)", "a", "b"),
    ("bytea", "\\x00", "\\x0000"),
    ("date", "2026-01-01", "infinity"),
    ("time", "00:00", "00:00:00.000001"),
    ("timetz", "12:00+00", "13:00+01"),
    ("timestamp", "2026-01-01", "2026-01-01 00:00:00.000001"),
    ("timestamptz", "2026-01-01Z", "2026-01-01 00:00:00.000001Z"),
    ("interval", "1 month", "30 days"),
    ("uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
    ("json", "{\"a\":1}", "{\"a\": 1}"),
    ("jsonb", "{\"a\":1.0}", "{\"a\":1.00}"),
    ("jsonpath", "$.a", "$.b"),
    ("xml", "<a/>", "<a></a>"),
    ("bit(3)", "101", "100"),
    ("varbit", "1", "10"),
    ("inet", "10.0.0.1/8", "10.0.0.1"),
    ("cidr", "10.0.0.0/8", "10.0.0.0/16"),
    ("macaddr", "00:00:00:00:00:01", "00:00:00:00:00:02"),
    ("macaddr8", "00:00:00:00:00:00:00:01", "00:00:00:00:00:00:00:02"),
    ("point", "(0,0)", "(0,0.0000001)"),
    ("line", "{1,2,3}", "{2,4,6}"),
    ("lseg", "[(0,0),(1,1)]", "[(1,1),(0,0)]"),
    // Of the same area.
    ("box", "(2,2),(0,0)", "(4,1),(0,0)"),
    ("path", "((0,0),(1,1))", "[(0,0),(1,1)]"),
    ("polygon", "((0,0),(1,1),(1,0))", "((1,1),(1,0),(0,0))"),
    ("circle", "<(0,0),1>", "<(1,0),1>"),
    ("tsvector", "a:1", "a:2"),
    ("tsquery", "a & b", "a | b"),
    ("pg_lsn", "0/1", "1/0"),
    ("pg_snapshot", "1:2:", "1:3:"),
    ("txid_snapshot", "1:2:", "1:3:"),
    ("oid", "1", "2"),
    ("xid", "1", "2"),
    ("xid8", "1", "4294967296"),
    ("cid", "1", "2"),
    ("tid", "(0,1)", "(0,2)"),
    ("refcursor", "a", "b"),
    ("aclitem", "postgres=r/postgres", "postgres=w/postgres"),
    ("regclass", "pg_class", "pg_type"),
    ("regcollation", "\"C\"", "\"POSIX\""),
    ("regtype", "int4", "int8"),
    ("regproc", "now", "pi"),
    ("regprocedure", "now()", "pi()"),
    ("regoper", "||/", "|/"),
    ("regoperator", "+(int4,int4)", "-(int4,int4)"),
    ("regrole", "postgres", "pg_monitor"),
    ("regnamespace", "pg_catalog", "public"),
    ("regconfig", "simple", "english"),
    ("regdictionary", "simple", "english_stem"),
    ("int4range", "[1,2)", "empty"),
    ("numrange", "[1.0,2)", "[1.00,2)"),
    ("int8multirange", "{[1,2)}", "{}"),
    ("int4[]", "{1}", "[0:0]={1}"),
    ("numeric[]", "{1.0,NULL}", "{1.00,NULL}"),
    ("app.mood", "sad", "ok"),
    ("app.mood[]", "{sad}", "{ok}"),
    ("app.price", "1.0", "1.00"),
    ("app.place", "(a,1.0)", "(a,1.00)"),
    ("app.span", "[0,1]", "[-0,1]"),
    ("public.citext", "a", "A"),
    ("public.hstore", "a=>1", "a=>NULL"),
];

/// Values of which there are several with the same text; what comes as text is the one, what was worked out may be another. And a row with nulls.
const ODD: &str = "INSERT INTO app.odd SELECT coalesce(max(id), 0) + 1, 'inf'::float8 - 'inf'::float8, \
    point('inf'::float8 - 'inf'::float8, 0), 'a & (b & c)', NULL, '' FROM app.odd;";
const ODD_TABLE: &str =
    "CREATE TABLE app.odd (id int PRIMARY KEY, f float8, p point, q tsquery, one text, other text);";

/// Types of every server that a column may have and that aren't among `$1`. What statistics and trees are kept in takes no input.
const UNTRIED: &str = "SELECT t.oid::regtype::text FROM pg_type t WHERE t.oid < 16384 AND t.typtype = 'b' AND t.typcategory <> 'A' \
    AND t.typname <> 'gtsvector' AND (t.typcategory <> 'Z' OR t.typname = 'char') \
    AND t.oid NOT IN (SELECT to_regtype(k) FROM unnest($1::text[]) AS k WHERE to_regtype(k) IS NOT NULL)";

/// Tables with two rows of the first value, one for each type.
fn tables() -> String {
    KINDS.iter().enumerate().fold(String::new(), |mut all, (n, (kind, one, _))| {
        let made = format!("CREATE TABLE app.kind_{n} (id int PRIMARY KEY, v {kind});");
        writeln!(all, "{made} INSERT INTO app.kind_{n} VALUES (1, $v${one}$v$), (2, $v${one}$v$);").unwrap();
        all
    })
}

/// Rows of both values, which the stream carries.
fn more() -> String {
    KINDS.iter().enumerate().fold(ODD.into(), |mut all, (n, (_, one, other))| {
        writeln!(all, "INSERT INTO app.kind_{n} VALUES (3, $v${one}$v$), (4, $v${other}$v$);").unwrap();
        all
    })
}

/// Gives each second row its second value; as replica, so that no guard objects.
fn tamper() -> String {
    let begin = "SET session_replication_role = replica; UPDATE app.odd SET one = '', other = NULL WHERE id = 1;";
    KINDS.iter().enumerate().fold(begin.into(), |mut all, (n, (_, _, other))| {
        writeln!(all, "UPDATE app.kind_{n} SET v = $v${other}$v$ WHERE id = 2;").unwrap();
        all
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_is_copied_and_its_smallest_difference_is_found() {
    let servers = installed();
    let (Some(oldest), Some(newest)) = (servers.first(), servers.last()) else { panic!("no server is installed") };
    for (from, to) in [(oldest, newest), (newest, oldest)] {
        let world = World::between(Arc::new(Cluster::start_from(&from.1)), Arc::new(Cluster::start_from(&to.1))).await;
        let (source, target) = (world.source.admin().await, world.target.admin().await);
        for side in [&source, &target] {
            side.batch_execute(MADE).await.unwrap();
        }
        world.source.migrate().await.batch_execute(&[TYPES, ODD_TABLE, ODD, &tables()].concat()).await.unwrap();
        let kinds: Vec<&str> = KINDS.iter().map(|(kind, ..)| *kind).collect();
        let untried = source.query(UNTRIED, &[&kinds]).await.unwrap();
        let untried: Vec<&str> = untried.iter().map(|row| row.get(0)).collect();
        assert!(untried.is_empty(), "{untried:?} aren't tried");
        world.succeeds("run", &["--advance-to", "CatchUp"]).await;
        source.batch_execute(&more()).await.unwrap();
        world.succeeds("run", &["--advance-to", "ReadyForCutover"]).await;
        target.batch_execute(&tamper()).await.unwrap();
        let output = world.run("verify", &[]).await;
        let mut told: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        let mut expected: Vec<String> = (0..KINDS.len()).map(|n| format!("differs: kind_{n} (2)")).collect();
        expected.push("differs: odd (1)".into());
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "{} to {}", from.0, to.0);
    }
}
