//! One side of a split as the operator would have made it: database, schema, the service's roles, default privileges.
//!
//! In: a cluster and a name. Out: an empty schema `app` owned by `<name>_owner`, group roles and one login per kind.

use super::cluster::{Cluster, connect};
use rerp_split::spec::{Roles, SideSpec};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::{Client, Config};

/// The schema that moves.
pub const SCHEMA: &str = "app";

/// One database with the roles of one service.
#[derive(Clone)]
pub struct Side {
    pub cluster: Arc<Cluster>,
    pub database: String,
    pub roles: Roles,
}

impl Side {
    /// Creates database, roles and the empty schema. Roles are per server, so their names carry the database's.
    pub async fn create(cluster: Arc<Cluster>, database: &str) -> Self {
        let side = Self { cluster, database: database.to_owned(), roles: roles(database) };
        let admin = side.cluster.client("postgres").await;
        admin.batch_execute(&format!("CREATE DATABASE {database} TEMPLATE template0")).await.unwrap();
        side.admin().await.batch_execute(&role_sql(database)).await.unwrap();
        side
    }

    /// What a spec says about this side.
    pub fn spec(&self) -> SideSpec {
        SideSpec { schema: SCHEMA.to_owned(), roles: self.roles.clone() }
    }

    /// The superuser's URL.
    pub fn url(&self) -> String {
        self.cluster.url(&self.database)
    }

    /// The superuser's connection settings.
    pub fn admin_config(&self) -> Config {
        self.cluster.config("postgres", &self.database)
    }

    /// A superuser connection.
    pub async fn admin(&self) -> Client {
        self.cluster.client(&self.database).await
    }

    /// Connection settings of the service's login; `search_path` is the schema.
    pub fn app_config(&self) -> Config {
        self.cluster.config(&format!("{}_app_a", self.database), &self.database)
    }

    /// A connection of the service.
    pub async fn app(&self) -> Client {
        connect(&self.app_config()).await
    }

    /// A connection that changes the schema: everything it makes belongs to the owner.
    pub async fn migrate(&self) -> Client {
        connect(&self.cluster.config(&format!("{}_migrate_a", self.database), &self.database)).await
    }
}

/// A name that no other test of this binary uses, and no other binary on the same servers could clash with.
pub fn unique(stem: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{stem}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn roles(database: &str) -> Roles {
    Roles {
        owner: format!("{database}_owner"),
        migrate: vec![format!("{database}_migrate")],
        app: vec![format!("{database}_app")],
        read: vec![format!("{database}_read")],
    }
}

fn role_sql(d: &str) -> String {
    format!(
        "CREATE ROLE {d}_owner NOLOGIN; CREATE ROLE {d}_migrate NOLOGIN IN ROLE {d}_owner;
         CREATE ROLE {d}_app NOLOGIN; CREATE ROLE {d}_read NOLOGIN;
         CREATE ROLE {d}_app_a LOGIN IN ROLE {d}_app; CREATE ROLE {d}_read_a LOGIN IN ROLE {d}_read;
         CREATE ROLE {d}_migrate_a LOGIN IN ROLE {d}_migrate;
         ALTER ROLE {d}_migrate_a SET role = '{d}_owner';
         ALTER ROLE {d}_app_a SET search_path = {SCHEMA}; ALTER ROLE {d}_read_a SET search_path = {SCHEMA};
         ALTER ROLE {d}_migrate_a SET search_path = {SCHEMA};
         CREATE SCHEMA {SCHEMA} AUTHORIZATION {d}_owner;
         GRANT USAGE ON SCHEMA {SCHEMA} TO {d}_app, {d}_read;
         ALTER DEFAULT PRIVILEGES FOR ROLE {d}_owner IN SCHEMA {SCHEMA}
           GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {d}_app;
         ALTER DEFAULT PRIVILEGES FOR ROLE {d}_owner IN SCHEMA {SCHEMA} GRANT SELECT ON TABLES TO {d}_read;
         ALTER DEFAULT PRIVILEGES FOR ROLE {d}_owner IN SCHEMA {SCHEMA} GRANT USAGE, SELECT ON SEQUENCES TO {d}_app;"
    )
}
