//! A split between two homes, in plain SQL: the journal as the engine installs it, and the two steps of a cutover that
//! a service notices, closing and opening. Rows are copied inside the closing transaction, under its lock, so that what
//! the tests count afterwards is what a real cutover would have moved.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use tempfile::TempDir;

use super::{Home, SCHEMA};

const JOURNAL: &str = concat!(
    include_str!("../../../../split/src/journal/schema.sql"),
    include_str!("../../../../split/src/journal/functions.sql")
);
pub const MIGRATION: &str = "m1";

pub struct Split {
    pub source: Home,
    pub target: Home,
    dir: TempDir,
    tables: Vec<String>,
}

impl Split {
    /// Two homes with the same tables; the binding names the source only.
    pub async fn new(ddl: &str, tables: &[&str]) -> Self {
        let (source, target) = tokio::join!(Home::new(), Home::new());
        source.define(ddl).await;
        target.define(ddl).await;
        let split = Self {
            source,
            target,
            dir: tempfile::tempdir().unwrap(),
            tables: tables.iter().map(ToString::to_string).collect(),
        };
        split.bind(Some(&split.source.app()), None);
        split
    }

    /// Where the binding files are.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Publishes binding files the way a kubelet does: a new directory, then one rename of a link.
    pub fn bind(&self, current: Option<&str>, next: Option<&str>) {
        let version = tempfile::Builder::new().prefix("..v").tempdir_in(self.dir.path()).unwrap().keep();
        for (name, uri) in [("current", current), ("next", next)] {
            if let Some(uri) = uri {
                std::fs::write(version.join(name), uri).unwrap();
            }
            let link = self.dir.path().join(name);
            if link.symlink_metadata().is_err() {
                std::os::unix::fs::symlink(format!("..data/{name}"), link).unwrap();
            }
        }
        let swap = self.dir.path().join("..data_tmp");
        std::os::unix::fs::symlink(version.file_name().unwrap(), &swap).unwrap();
        std::fs::rename(swap, self.dir.path().join("..data")).unwrap();
    }

    /// Installs the journal on both sides, closes the target, and publishes `next`.
    pub async fn prepare(&self) {
        for (home, is_owner) in [(&self.source, true), (&self.target, false)] {
            home.execute(JOURNAL).await;
            home.execute(&format!(
                "INSERT INTO rerp_split.owner (migration, schema_name, epoch, is_owner) VALUES ('{MIGRATION}', '{SCHEMA}', 1, {is_owner});
                 GRANT USAGE ON SCHEMA rerp_split TO svc_app, svc_migrate;
                 GRANT SELECT (migration, schema_name, epoch, is_owner, proof) ON rerp_split.owner TO svc_app, svc_migrate;
                 GRANT EXECUTE ON FUNCTION rerp_split.open(text, uuid) TO svc_app, svc_migrate;"
            ))
            .await;
        }
        self.target.execute(&self.closing()).await;
        self.target
            .execute(&format!(
                "INSERT INTO rerp_split.rights (schema_name, kind, relation, role_name, privilege)
                 SELECT '{SCHEMA}', 'r', t, 'svc_app', p FROM unnest(ARRAY['{}']) t, unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE']) p",
                self.tables.join("','")
            ))
            .await;
        self.bind(Some(&self.source.app()), Some(&self.target.app()));
    }

    /// Everything the services wait for: the lock, the copy, the closing commit with its proof. Nobody opens the target
    /// here: that is left to whoever comes first.
    pub async fn close_source(&self) {
        self.close(true).await;
    }

    /// Closes the source of a migration whose target was never armed: nothing can be opened.
    pub async fn close_source_only(&self) {
        self.close(false).await;
    }

    async fn close(&self, arm: bool) {
        let mut source = self.source.server.admin("data").await;
        let locked: Vec<String> = self.tables.iter().map(|table| format!("{SCHEMA}.{table}")).collect();
        run(&mut source, "BEGIN").await;
        let hash: String = sqlx::query_scalar(
            "UPDATE rerp_split.owner SET is_owner = false, epoch = epoch + 1, proof = gen_random_uuid() RETURNING rerp_split.hash(proof)",
        )
        .fetch_one(&mut source)
        .await
        .unwrap();
        if arm {
            self.target.execute(&format!("UPDATE rerp_split.owner SET armed = '{hash}', epoch = epoch + 1")).await;
        }
        lock(&mut source, &format!("LOCK TABLE {} IN EXCLUSIVE MODE", locked.join(", "))).await;
        self.copy(&mut source).await;
        run(&mut source, &self.closing()).await;
        run(&mut source, "COMMIT").await;
        source.close().await.unwrap();
    }

    /// What the last step publishes: the target is all there is.
    pub fn complete(&self) {
        self.bind(Some(&self.target.app()), None);
    }

    fn closing(&self) -> String {
        let guards = self.tables.iter().map(|table| {
            format!(
                "REVOKE ALL ON {SCHEMA}.{table} FROM svc_app;
                 CREATE TRIGGER rerp_split_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.{table}
                 FOR EACH STATEMENT EXECUTE FUNCTION rerp_split.guard();"
            )
        });
        guards.collect()
    }

    async fn copy(&self, source: &mut PgConnection) {
        let mut target = self.target.server.admin("data").await;
        run(&mut target, "SET session_replication_role = replica").await;
        for table in &self.tables {
            let rows = sqlx::query(AssertSqlSafe(format!("SELECT to_jsonb(t)::text FROM {SCHEMA}.{table} t")))
                .fetch_all(&mut *source)
                .await
                .unwrap();
            let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let columns: String = sqlx::query_scalar(
                "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
                 WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            )
            .bind(format!("{SCHEMA}.{table}"))
            .fetch_one(&mut target)
            .await
            .unwrap();
            let insert = format!(
                "INSERT INTO {SCHEMA}.{table} ({columns}) SELECT {columns} FROM unnest($1::text[]) j, jsonb_populate_record(NULL::{SCHEMA}.{table}, j::jsonb)"
            );
            sqlx::query(AssertSqlSafe(insert)).bind(rows).execute(&mut target).await.unwrap();
        }
        target.close().await.unwrap();
    }
}

/// Locks as an engine does: briefly, again and again. Transactions take their tables in an order of their own, so
/// waiting for long would only end in a deadlock.
async fn lock(connection: &mut PgConnection, locking: &str) {
    run(connection, "SET LOCAL lock_timeout = '100ms'; SET LOCAL deadlock_timeout = '20ms'; SAVEPOINT before").await;
    for _ in 0..200 {
        if connection.execute(sqlx::raw_sql(AssertSqlSafe(locking.to_owned()))).await.is_ok() {
            return;
        }
        run(connection, "ROLLBACK TO SAVEPOINT before").await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the tables can't be locked");
}

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.unwrap();
}
