//! Tables that stay beside those of `schema`, and foreign keys of every kind between the two, both ways.

use super::super::support::cluster::{self, Cluster};
use super::World;
use rerp_split::connect::Endpoint;
use rerp_split::inspect::{Edge, inspect};
use rerp_split::journal::{self, Wish};
use rerp_split::phase::Phase;
use rerp_split::run::Settings;
use rerp_split::spec::Side;
use rerp_split::status::Status;
use rerp_split::step::Job;
use std::sync::Arc;
use tokio_postgres::Client;

/// `{o}` owns what moves. Four keys whose parent moves, two whose child moves.
const STAYING: &str = r#"
CREATE SCHEMA stay;
CREATE TABLE stay.note (id bigserial PRIMARY KEY, item int NOT NULL REFERENCES app.item (key) ON DELETE CASCADE);
CREATE INDEX note_item ON stay.note (item);
COMMENT ON CONSTRAINT note_item_fkey ON stay.note IS 'it''s a \ "note"';
CREATE TABLE stay.pair (id serial PRIMARY KEY, a int, b text, CONSTRAINT "Pair key" FOREIGN KEY (a, b)
  REFERENCES app."Odd Näme" ("from", "to") MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE stay.part (id int PRIMARY KEY, email bigint REFERENCES app.email (id)) PARTITION BY RANGE (id);
CREATE TABLE stay.part_1 PARTITION OF stay.part FOR VALUES FROM (0) TO (500);
CREATE TABLE stay.part_2 PARTITION OF stay.part FOR VALUES FROM (500) TO (1000000);
CREATE TABLE stay.old (id serial PRIMARY KEY, code text, replaces int REFERENCES stay.old (id));
ALTER TABLE stay.old ADD CONSTRAINT old_code FOREIGN KEY (code) REFERENCES app.no_pk (code) NOT VALID;
CREATE TABLE stay.account (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
CREATE TABLE stay.region (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE stay.region_1 PARTITION OF stay.region FOR VALUES FROM (0) TO (10);
CREATE TABLE app.member (id bigint PRIMARY KEY, account uuid REFERENCES stay.account (id) ON DELETE CASCADE, region int,
  CONSTRAINT "Member's region" FOREIGN KEY (region) REFERENCES stay.region (id));
COMMENT ON CONSTRAINT "Member's region" ON app.member IS E'where\nit is';
ALTER TABLE app.member OWNER TO {o};
INSERT INTO app.item SELECT generate_series(0, 200) ON CONFLICT DO NOTHING;
INSERT INTO stay.note (item) SELECT n % 200 FROM generate_series(1, 400) n;
INSERT INTO stay.pair (a, b) SELECT "from", "to" FROM app."Odd Näme" LIMIT 50;
INSERT INTO stay.pair (a, b) VALUES (NULL, NULL);
INSERT INTO stay.part SELECT id, id FROM app.email WHERE id <= 800;
INSERT INTO stay.old (code) SELECT code FROM app.no_pk;
INSERT INTO stay.account (name) SELECT 'a' || n FROM generate_series(1, 100) n;
INSERT INTO stay.region SELECT generate_series(0, 9);
INSERT INTO app.member SELECT row_number() OVER (), id, random() * 9 FROM stay.account;
"#;

/// How many keys there are between the two.
pub const KEYS: usize = 6;

/// Every foreign key of the database, partitions' own left out: table, name, whether validated, definition, comment.
const DEFINITIONS: &str = "SELECT concat_ws(' | ', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid), \
    obj_description(oid, 'pg_constraint')) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 ORDER BY 1";

impl World {
    /// As `new`, with staying tables and keys between.
    pub async fn with_keys(rows: u32) -> Self {
        let (from, to) = cluster::shared();
        Self::with_keys_between(from, to, rows).await
    }

    /// The same on these servers.
    pub async fn with_keys_between(from: Arc<Cluster>, to: Arc<Cluster>, rows: u32) -> Self {
        let world = Self::between(from, to).await.filled(rows).await;
        let sql = STAYING.replace("{o}", &world.source.roles.owner);
        world.source.admin().await.batch_execute(&sql).await.unwrap();
        world
    }

    /// What a worker of this migration is started with.
    pub fn settings(&self) -> Settings {
        let endpoint = |side: Side, url: &str| Endpoint::parse(side, url, &self.migration).unwrap();
        Settings {
            spec: self.spec(),
            source: endpoint(Side::Source, &self.source.url()),
            target: endpoint(Side::Target, &self.target.url()),
            pg_dump: self.pg_dump(),
            until_settled: true,
        }
    }

    /// Takes the migration over, as a worker does that finds another one dead. It may go as far as it can.
    pub async fn take(&self) -> Job {
        let wish =
            Wish { advance_to: Phase::Completed, abort: false, suspend: false, services_prepared: true, until: None };
        journal::write_wish(&self.source.admin().await, &self.migration, &wish).await.unwrap();
        rerp_split::run::take(&self.settings()).await.unwrap()
    }

    /// The keys between moving and staying tables that the source's catalog has.
    pub async fn edges(&self) -> Vec<Edge> {
        let mut client = self.reader().session(Side::Source, "inspect").await.unwrap();
        inspect(&mut client, Side::Source, &self.spec()).await.unwrap().edges
    }

    /// The status once it is `right`.
    pub async fn status_when(&self, client: &Client, what: &str, right: impl Fn(&Status) -> bool) -> Status {
        let begun = std::time::Instant::now();
        loop {
            let status = self.status(client).await.unwrap_or_default();
            if right(&status) {
                return status;
            }
            assert!(begun.elapsed() < super::LIMIT, "not reached: {what}: {status:#?}\n{}", self.log());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// The foreign keys of a database as text.
pub async fn definitions(client: &Client) -> Vec<String> {
    client.query(DEFINITIONS, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// One number.
pub async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Triggers of ours that are left.
pub async fn captures(client: &Client) -> i64 {
    count(client, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'rerp\\_%fk%' AND tgparentid = 0").await
}
