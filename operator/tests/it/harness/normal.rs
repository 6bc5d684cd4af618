//! What a world has come to, in words that two worlds can share: no UIDs, versions, hashes or namespaces, and for each
//! password the name of the Secret that publishes it, so that a password in two places must be the same one.

use super::environment::decoded;
use super::{Room, World};
use crate::server;
use rerp_crds::names::{Id, RoleNames, migration_id};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Everything that is stored, events left out, whose each field is, and what is on the PostgreSQL server.
///
/// Events are best effort: one that a crash swallowed is not published later, since the condition tells the same.
pub(crate) async fn photograph(world: &World) -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for path in world.api.paths() {
        let mut object = world.api.object(&path).expect("listed");
        simplify(&path, &mut object);
        all.insert(path, object);
    }
    for ((path, manager), mut body) in world.api.applied() {
        simplify(&path, &mut body);
        all.insert(format!("{path} applied by {manager}"), body);
    }
    let mut words = words(world);
    if World::on_postgres(world.rooms) {
        let found = on_the_server(world).await;
        words.extend(role_words(&found));
        all.extend(found);
    }
    // What holds others is replaced before them.
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let plain = |text: &str| words.iter().fold(text.to_owned(), |text, (word, means)| text.replace(word, means));
    let reworded = |value: &Value| serde_json::from_str(&plain(&value.to_string())).expect("still JSON");
    all.iter().map(|(path, value)| (plain(path), reworded(value))).collect()
}

/// Takes out what differs from run to run without meaning anything, and puts Secrets in clear text.
fn simplify(path: &str, object: &mut Value) {
    let ours = path.contains("/rerp.dev/");
    let part = |object: &mut Value, at: &str, keep: &dyn Fn(&str) -> bool| {
        if let Some(fields) = object.pointer_mut(at).and_then(Value::as_object_mut) {
            fields.retain(|key, _| keep(key));
        }
    };
    part(object, "/metadata", &|key| key != "resourceVersion" && (ours || key != "generation"));
    // Hashes over UIDs, passwords and certificates. That they are up to date shows in the silence of the next pass.
    part(object, "/metadata/annotations", &|key| key != "rerp.dev/applied");
    part(object, "/spec/template/metadata/annotations", &|key| !key.starts_with("rerp.dev/"));
    part(object, "/status", &|key| ours || key != "observedGeneration");
    let secret = path.contains("/secrets/");
    for value in object.get_mut("data").and_then(Value::as_object_mut).into_iter().flat_map(|data| data.values_mut()) {
        if secret {
            *value = json!(decoded(value));
        }
        // Keys and certificates are new in every world.
        if value.as_str().is_some_and(|text| text.contains("-----BEGIN ")) {
            *value = json!("<PEM>");
        }
    }
}

/// Words that only this world uses, and what they mean.
fn words(world: &World) -> Vec<(String, String)> {
    let mut words = vec![(world.namespace.clone(), "<namespace>".to_owned())];
    for path in world.api.paths() {
        let object = world.api.object(&path).expect("listed");
        let uid = object["metadata"]["uid"].as_str().expect("a UID").to_owned();
        let (plural, name) =
            path.rsplit_once('/').map(|(folder, name)| (folder.rsplit('/').next(), name)).expect("a path");
        let what = format!("{} {name}", plural.unwrap_or_default());
        if plural == Some(Room::Splits.plural()) {
            words.push((migration_id(&uid), format!("<id of {what}>")));
        }
        words.push((uid, format!("<uid of {what}>")));
        if plural == Some("secrets") && !object["data"]["password"].is_null() {
            words.push((decoded(&object["data"]["password"]), format!("<password of {what}>")));
        }
        if plural == Some(Room::Databases.plural()) {
            words.push((role_prefix(world, name, &object["spec"]), format!("<roles of {what}>")));
        }
    }
    words
}

fn role_prefix(world: &World, name: &str, spec: &Value) -> String {
    let server = spec["engine"]["shared"]["databaseRef"]["name"].as_str().unwrap_or(name);
    let id = |name| Id { namespace: &world.namespace, name };
    let base = RoleNames::new(id(server), id(name), "x").base().to_owned();
    base.trim_end_matches("_x").to_owned()
}

/// Roles whose ServiceDatabase is gone are known by their comment alone.
fn role_words(found: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    let roles = found["postgresql/roles"].as_array().cloned().unwrap_or_default();
    let word = |role: &Value| {
        let prefix: Vec<&str> = role["name"].as_str()?.splitn(3, '_').take(2).collect();
        let owner = role["comment"].as_str()?.rsplit('/').next()?.to_owned();
        Some((prefix.join("_"), format!("<roles of servicedatabases {owner}>")))
    };
    roles.iter().filter_map(word).collect()
}

/// Roles of this world, its schemas, whether its logins work, and rows of migrations.
async fn on_the_server(world: &World) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let server = server::shared();
    let admin = server.admin("postgres").await;
    let roles = "SELECT coalesce(json_agg(r ORDER BY r.comment, substr(r.name, 14)), '[]') FROM (
        SELECT rolname AS name, rolcanlogin AS login, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication AS privileged,
            rolconfig AS settings, shobj_description(oid, 'pg_authid') AS comment,
            (SELECT array_agg(m.roleid::regrole::text ORDER BY m.roleid::regrole::text) FROM pg_auth_members m WHERE m.member = a.oid) AS member_of,
            (SELECT rolpassword IS NOT NULL FROM pg_authid p WHERE p.oid = a.oid) AS password
        FROM pg_roles a WHERE starts_with(shobj_description(oid, 'pg_authid'), $1)) r";
    let marker = format!("rerp:{}/", world.namespace);
    found.insert("postgresql/roles".to_owned(), admin.query_one(roles, &[&marker]).await.expect("roles").get(0));
    for database in databases(world) {
        found.insert(format!("postgresql/{database}/schemas"), schemas(&server.admin(&database).await, &marker).await);
        found.insert(format!("postgresql/{database}/journal"), journal(world, &server.admin(&database).await).await);
    }
    for path in world.api.paths().iter().filter(|path| path.contains("/secrets/")) {
        let secret = world.api.object(path).expect("listed");
        let key = |key: &str| decoded(&secret["data"][key]);
        // The superuser is trusted here, whatever its password is.
        if secret["type"] == "servicebinding.io/postgresql" && key("username") != "postgres" {
            let login = server.connect(&key("username"), &key("password"), &key("database")).await;
            found.insert(format!("postgresql/login of {path}"), json!(login.is_ok()));
        }
    }
    found
}

/// Databases that any version of any ServiceDatabase of this world has reported.
fn databases(world: &World) -> Vec<String> {
    let history = world.api.history(0);
    let versions = history.iter().filter_map(|version| version.object.as_ref());
    let mut names: Vec<String> =
        versions.filter_map(|object| object["status"]["server"]["database"].as_str().map(ToOwned::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

async fn schemas(client: &tokio_postgres::Client, marker: &str) -> Value {
    let schemas = "SELECT coalesce(json_agg(s ORDER BY s.name), '[]') FROM (
        SELECT nspname AS name, nspowner::regrole::text AS owner, obj_description(oid, 'pg_namespace') AS comment,
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(nspacl) x) AS rights,
            (SELECT array_agg(defaclobjtype::text || ' ' || x::text ORDER BY defaclobjtype::text, x::text) FROM pg_default_acl d, unnest(defaclacl) x
             WHERE d.defaclnamespace = n.oid) AS defaults
        FROM pg_namespace n WHERE starts_with(obj_description(oid, 'pg_namespace'), $1)) s";
    client.query_one(schemas, &[&marker]).await.expect("schemas").get(0)
}

/// How many rows of this world's migrations each table of the journal holds; only the tables that hold some.
async fn journal(world: &World, client: &tokio_postgres::Client) -> Value {
    let tables = "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'rerp_split' AND column_name = 'migration'";
    let ids: Vec<String> = migrations(world);
    let mut rows = serde_json::Map::new();
    for table in client.query(tables, &[]).await.expect("tables").iter().map(|row| row.get::<_, String>(0)) {
        let count = format!("SELECT count(*) FROM rerp_split.{table} WHERE migration = ANY($1)");
        let count: i64 = client.query_one(&count, &[&ids]).await.expect("rows").get(0);
        if count > 0 {
            rows.insert(table, json!(count));
        }
    }
    Value::Object(rows)
}

/// Ids of all migrations that ever were.
fn migrations(world: &World) -> Vec<String> {
    let history = world.api.history(0);
    let ours = history.iter().filter(|version| version.path.contains("/databasesplitmigrations/"));
    ours.filter_map(|version| version.object.as_ref()?["metadata"]["uid"].as_str().map(migration_id)).collect()
}
