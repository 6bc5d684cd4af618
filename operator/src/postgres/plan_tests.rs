//! Plans as tables: what a catalog lacks against the statements that appear.

use super::super::catalog::Schema;
use super::super::sql;
use super::*;
use rerp_crds::names::Id;

const PASSWORD: &str = "secret-password";

fn wanted() -> Wanted {
    let server = Id { namespace: "rerp", name: "monolith" };
    let database = Id { namespace: "rerp", name: "identity" };
    let roles = RoleNames::new(server, database, "identity");
    let login = |role: String| Login { role, password: PASSWORD.to_owned(), salt: [3; scram::SALT] };
    Wanted {
        database: "monolith".to_owned(),
        schema: "identity".to_owned(),
        marker: "rerp:rerp/identity".to_owned(),
        extensions: vec![],
        logins: vec![login(roles.app_login(Slot::A)), login(roles.migrate_login(Slot::A))],
        slot: Slot::A,
        roles,
    }
}

/// The catalog of a server on which the plan for an empty one has run.
fn settled(wanted: &Wanted) -> Catalog {
    let mut catalog = Catalog { available: wanted.extensions.iter().cloned().collect(), ..Catalog::default() };
    for statement in plan(wanted, &catalog).expect("a plan for an empty server") {
        execute(&mut catalog, statement);
    }
    catalog
}

/// What each statement does to the catalog: a model of the server, kept as small as the plan's eyes.
fn execute(catalog: &mut Catalog, statement: Statement) {
    match statement {
        Statement::CreateRole { role, login } => {
            let made = catalog.roles.insert(role, Role { login, ..Role::default() });
            assert!(made.is_none(), "a role was created twice");
        }
        Statement::AlterRole { role, login } => {
            let role = catalog.roles.get_mut(&role).expect("the role exists");
            (role.login, role.privileged) = (login, false);
        }
        Statement::CommentRole { role, marker } => {
            catalog.roles.get_mut(&role).expect("the role exists").comment = Some(marker);
        }
        Statement::GrantRole { role, member } => {
            assert!(catalog.roles.contains_key(&role), "a group is granted before it exists");
            catalog.roles.get_mut(&member).expect("the member exists").member_of.insert(role);
        }
        Statement::SetForRole { role, setting, value } => {
            let line = format!("{}={value}", setting.name());
            let settings = &mut catalog.roles.get_mut(&role).expect("the role exists").settings;
            settings.retain(|old| !old.starts_with(&format!("{}=", setting.name())));
            settings.insert(line);
        }
        Statement::SetVerifier { role, verifier } => {
            catalog.roles.get_mut(&role).expect("the role exists").verifier = Some(verifier);
        }
        Statement::CreateSchema { owner, .. } => catalog.schema = Some(Schema { owner, ..Schema::default() }),
        Statement::CommentSchema { marker, .. } => schema(catalog).comment = Some(marker),
        Statement::GrantUsage { role, .. } => {
            schema(catalog).usage.insert(role);
        }
        Statement::DefaultPrivileges { object, role, .. } => {
            schema(catalog).defaults.insert(DefaultGrant { object, grantee: role });
        }
        Statement::CreateExtension { extension } => {
            catalog.extensions.insert(extension);
        }
    }
}

fn schema(catalog: &mut Catalog) -> &mut Schema {
    catalog.schema.as_mut().expect("the schema exists")
}

#[test]
fn a_settled_server_needs_nothing() {
    let wanted = wanted();
    assert_eq!(plan(&wanted, &settled(&wanted)), Ok(vec![]));
}

#[test]
fn an_empty_server_gets_everything_in_an_order_that_works() {
    let wanted = wanted();
    let statements = plan(&wanted, &Catalog::default()).expect("a plan");
    let text: Vec<String> = statements.iter().map(sql::redacted).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../tests/golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("roles_and_schema", text.join("\n")));
}

#[test]
fn no_clear_password_is_ever_rendered() {
    let statements = plan(&wanted(), &Catalog::default()).expect("a plan");
    let text: String = statements.iter().map(sql::render).collect();
    assert!(!text.contains(PASSWORD) && text.contains("SCRAM-SHA-256$"));
    assert!(!format!("{:?}", wanted()).contains(PASSWORD));
}

#[test]
fn nothing_is_ever_granted_on_tables_that_exist() {
    // Every subset of what can be missing: whatever a fence has revoked, no plan gives it back.
    let wanted = wanted();
    for statement in plan(&wanted, &Catalog::default()).expect("a plan") {
        let text = sql::render(&statement);
        let grants = text.contains("GRANT ") && (text.contains(" ON ") && !text.starts_with("GRANT USAGE ON SCHEMA"));
        assert!(!grants || text.starts_with("ALTER DEFAULT PRIVILEGES"), "{text}");
    }
}

#[test]
fn a_foreign_role_or_schema_is_refused_by_name() {
    let wanted = wanted();
    let mut catalog = settled(&wanted);
    catalog.roles.get_mut(&wanted.roles.app()).expect("app").comment = Some("rerp:other/identity".to_owned());
    let refusal = plan(&wanted, &catalog).expect_err("a refusal");
    assert_eq!(refusal.to_string(), format!("role {} belongs to 'rerp:other/identity'", wanted.roles.app()));

    let mut catalog = settled(&wanted);
    schema(&mut catalog).owner = "postgres".to_owned();
    schema(&mut catalog).comment = None;
    let refusal = plan(&wanted, &catalog).expect_err("a refusal");
    assert!(refusal.to_string().starts_with("schema identity belongs to role postgres, marked somebody else"));
}

#[test]
fn drift_is_undone_piece_by_piece() {
    let wanted = wanted();
    let app = wanted.app_login();
    type Meddle = fn(&mut Role);
    let cases: [(Meddle, &str); 4] = [
        (|role| role.privileged = true, "NOSUPERUSER"),
        (|role| role.settings.clear(), "search_path"),
        (|role| role.member_of.clear(), "GRANT "),
        (|role| role.verifier = None, "PASSWORD"),
    ];
    for (break_it, expected) in cases {
        let mut catalog = settled(&wanted);
        break_it(catalog.roles.get_mut(&app).expect("app login"));
        let statements = plan(&wanted, &catalog).expect("a plan");
        assert_eq!(statements.len(), 1, "{expected}: {statements:?}");
        assert!(sql::render(&statements[0]).contains(expected));
        execute(&mut catalog, statements[0].clone());
        assert_eq!(plan(&wanted, &catalog), Ok(vec![]), "{expected}");
    }
}

#[test]
fn a_rotation_touches_only_the_other_login() {
    let first = wanted();
    let catalog = settled(&first);
    let mut second = wanted();
    second.slot = Slot::B;
    second.logins[0].role = second.roles.app_login(Slot::B);
    second.logins[1].role = second.roles.migrate_login(Slot::B);
    let statements = plan(&second, &catalog).expect("a plan");
    let roles: Vec<&str> = statements
        .iter()
        .map(|statement| match statement {
            Statement::SetVerifier { role, .. } => role.as_str(),
            other => panic!("not a password: {other:?}"),
        })
        .collect();
    assert_eq!(roles, [second.app_login(), second.migrate_login()]);
}

#[test]
fn extensions_are_looked_up_before_they_are_created() {
    let mut wanted = wanted();
    wanted.extensions = vec!["pg_trgm".to_owned()];
    assert_eq!(wanted.search_path(), "identity, public");
    let refusal = plan(&wanted, &Catalog::default()).expect_err("a refusal");
    assert!(refusal.to_string().contains("pg_trgm isn't available"));
    let catalog = settled(&wanted);
    assert_eq!(plan(&wanted, &catalog), Ok(vec![]));
}
