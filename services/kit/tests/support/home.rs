//! A schema with its roles on a server, as the operator makes them.

use super::Server;

pub const SCHEMA: &str = "svc";

/// A place where a service's data can live.
pub struct Home {
    pub server: Server,
}

impl Home {
    /// A new server with a database `data`, the schema, the roles and their default rights.
    pub async fn new() -> Self {
        let server = Server::start();
        server.execute("postgres", "CREATE DATABASE data").await;
        let home = Self { server };
        home.execute(
            "CREATE ROLE svc_owner NOLOGIN; CREATE ROLE svc_app NOLOGIN; CREATE ROLE svc_migrate NOLOGIN IN ROLE svc_owner;
             CREATE ROLE svc_app_a LOGIN PASSWORD 'app' IN ROLE svc_app;
             CREATE ROLE svc_app_b LOGIN PASSWORD 'app' IN ROLE svc_app;
             CREATE ROLE svc_migrate_a LOGIN PASSWORD 'migrate' IN ROLE svc_migrate;
             ALTER ROLE svc_migrate_a SET role = 'svc_owner';
             ALTER ROLE svc_app_a SET search_path = svc; ALTER ROLE svc_app_b SET search_path = svc;
             ALTER ROLE svc_migrate_a SET search_path = svc;
             REVOKE ALL ON SCHEMA public FROM PUBLIC;
             CREATE SCHEMA svc AUTHORIZATION svc_owner;
             GRANT USAGE ON SCHEMA svc TO svc_app, svc_migrate;
             ALTER DEFAULT PRIVILEGES FOR ROLE svc_owner IN SCHEMA svc GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO svc_app;
             ALTER DEFAULT PRIVILEGES FOR ROLE svc_owner IN SCHEMA svc GRANT USAGE, SELECT ON SEQUENCES TO svc_app;",
        )
        .await;
        home
    }

    /// The address that a service gets.
    pub fn app(&self) -> String {
        self.server.uri("svc_app_a", "app", "data", SCHEMA)
    }

    /// The same, of the other of the two roles that alternate when passwords are rotated.
    pub fn app_b(&self, password: &str) -> String {
        self.server.uri("svc_app_b", password, "data", SCHEMA)
    }

    /// The address that migrations get.
    pub fn migrate(&self) -> String {
        self.server.uri("svc_migrate_a", "migrate", "data", SCHEMA)
    }

    /// Runs statements as the superuser.
    pub async fn execute(&self, sql: &str) {
        self.server.execute("data", sql).await;
    }

    /// Runs statements as the owner of the schema, so that default rights apply. Policies bind the owner too: it is the service's own work.
    pub async fn define(&self, sql: &str) {
        self.execute(&format!("SET ROLE svc_owner; SET search_path = svc; SET rerp.work = 'on'; {sql}")).await;
    }

    /// From now on a transaction that writes to an older table after an event of its own is refused: a cutover locks the tables of events last.
    pub async fn events_come_last(&self) {
        self.execute(
            "CREATE FUNCTION svc.before_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF EXISTS (SELECT FROM svc.outbox WHERE xmin::text = pg_current_xact_id()::text) THEN
             RAISE EXCEPTION 'written to after an event'; END IF; RETURN NULL; END $$;
             DO $$ DECLARE older regclass; BEGIN
             FOR older IN SELECT oid FROM pg_class WHERE relnamespace = 'svc'::regnamespace AND relkind = 'r' AND oid < 'svc.outbox_subjects'::regclass LOOP
             EXECUTE format('CREATE TRIGGER before_events BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION svc.before_events()', older);
             END LOOP; END $$",
        )
        .await;
    }

    /// From now on a transaction that writes to an older table after this one is refused: a cutover locks tables from the oldest to the youngest.
    pub async fn comes_last(&self, table: &str) {
        self.execute(&format!(
            "CREATE FUNCTION svc.before_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF EXISTS (SELECT FROM svc.{table} WHERE xmin::text = pg_current_xact_id()::text) THEN
             RAISE EXCEPTION 'written to after {table}'; END IF; RETURN NULL; END $$;
             DO $$ DECLARE older regclass; BEGIN
             FOR older IN SELECT oid FROM pg_class WHERE relnamespace = 'svc'::regnamespace AND relkind = 'r' AND oid < 'svc.{table}'::regclass LOOP
             EXECUTE format('CREATE TRIGGER before_{table} BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT EXECUTE FUNCTION svc.before_{table}()', older);
             END LOOP; END $$"
        ))
        .await;
    }

    /// One number.
    pub async fn number(&self, sql: &str) -> i64 {
        self.server.number("data", sql).await
    }

    /// Connections the service's pods hold.
    pub async fn connections(&self) -> i64 {
        self.number("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%'").await
    }
}
