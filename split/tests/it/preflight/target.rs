//! Faults of the target and of roles, as SQL can seed them.

use super::faults::{fatal, on_target, warning};
use super::{Cure, Fault};
use rerp_split::preflight::Check;

const LANGUAGE: &str = "CREATE LANGUAGE seeded HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator";

/// In the order of `Check::ALL`; names in braces are those of `super::fill`.
pub(super) const TARGET: &[Fault] = &[
    Fault {
        cure: Cure::Says("DROP SCHEMA \"app\" CASCADE"),
        ..on_target(Check::TargetNotEmpty, "CREATE TABLE app.x (id int)")
    },
    Fault {
        cure: Cure::Says("DROP SCHEMA \"app\" CASCADE"),
        ..on_target(Check::TargetNotEmpty, "CREATE TYPE app.parent AS ENUM ('a')")
    },
    Fault {
        cure: Cure::By("DELETE FROM rerp_split.owner"),
        ..on_target(
            Check::TargetInUse,
            "INSERT INTO rerp_split.owner (migration, schema_name, epoch, is_owner) VALUES ('other', 'app', 1, true)",
        )
    },
    on_target(Check::SchemaOwner, "ALTER SCHEMA app OWNER TO postgres"),
    Fault {
        cure: Cure::By("CREATE TYPE stay.e AS ENUM ('a')"),
        ..fatal(
            Check::OutsideDependency,
            "CREATE TYPE stay.e AS ENUM ('a'); ALTER TABLE app.parent ADD COLUMN e stay.e",
        )
    },
    Fault {
        cure: Cure::By("CREATE FUNCTION stay.d() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
        ..fatal(
            Check::OutsideDependency,
            "CREATE FUNCTION stay.d() RETURNS int LANGUAGE sql AS 'SELECT 1';
             ALTER TABLE app.parent ADD COLUMN d int DEFAULT stay.d()",
        )
    },
    Fault {
        cure: Cure::By(LANGUAGE),
        undo: "DROP LANGUAGE seeded CASCADE",
        undo_target: "DROP LANGUAGE seeded",
        ..fatal(
            Check::Language,
            "CREATE LANGUAGE seeded HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator;
             CREATE FUNCTION app.f() RETURNS int LANGUAGE seeded AS 'BEGIN RETURN 1; END'",
        )
    },
    Fault {
        undo: "DROP EXTENSION citext CASCADE",
        undo_target: "DROP EXTENSION citext",
        ..fatal(
            Check::Extension,
            "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext",
        )
    },
    Fault {
        target: "CREATE EXTENSION citext SCHEMA stay",
        undo: "DROP EXTENSION citext CASCADE",
        undo_target: "DROP EXTENSION citext",
        ..fatal(
            Check::Extension,
            "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext",
        )
    },
    Fault {
        target: "CREATE EXTENSION citext SCHEMA public VERSION '1.5'",
        undo: "DROP EXTENSION citext CASCADE",
        undo_target: "DROP EXTENSION citext",
        ..warning(
            Check::ExtensionVersion,
            "CREATE EXTENSION citext SCHEMA public; ALTER TABLE app.parent ADD COLUMN c public.citext",
        )
    },
    // Roles.
    Fault {
        cure: Cure::By("ALTER ROLE {tr}_gone RENAME TO {tr}"),
        ..on_target(Check::NoSuchRole, "ALTER ROLE {tr} RENAME TO {tr}_gone")
    },
    Fault { cure: Cure::Says("ALTER ROLE \"{o}\" NOLOGIN"), ..fatal(Check::OwnerLogin, "ALTER ROLE {o} LOGIN") },
    fatal(Check::PowerfulRole, "ALTER ROLE {l} SUPERUSER"),
    fatal(Check::PowerfulRole, "GRANT {o} TO {a}"),
    fatal(Check::PowerfulRole, "GRANT pg_write_all_data TO {l}"),
    on_target(Check::PowerfulRole, "GRANT pg_read_all_data TO {ta}"),
    fatal(Check::TableOwner, "ALTER TABLE app.parent OWNER TO {l}"),
    fatal(Check::ViewOwner, "CREATE VIEW app.v AS SELECT * FROM app.parent"),
    warning(Check::DefinerOwner, "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"),
    on_target(Check::SchemaUsage, "REVOKE USAGE ON SCHEMA app FROM {tr}"),
    fatal(Check::DirectGrant, "GRANT SELECT ON app.parent TO PUBLIC"),
    fatal(Check::DirectGrant, "GRANT SELECT (v) ON app.parent TO {l}"),
    Fault {
        beside: &[Check::OtherReader],
        undo: "DROP OWNED BY {o}_other; DROP ROLE {o}_other",
        ..fatal(
            Check::OtherGrantor,
            "CREATE ROLE {o}_other; GRANT USAGE ON SCHEMA app TO {o}_other;
             GRANT SELECT ON app.parent TO {o}_other WITH GRANT OPTION;
             SET ROLE {o}_other; GRANT SELECT ON app.parent TO {a}; RESET ROLE",
        )
    },
    Fault {
        undo: "DROP OWNED BY {o}_other; DROP ROLE {o}_other",
        ..warning(Check::OtherReader, "CREATE ROLE {o}_other; GRANT SELECT ON app.parent TO {o}_other")
    },
];
