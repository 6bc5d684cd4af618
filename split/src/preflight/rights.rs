//! What a login that is no superuser lacks: on a managed service nobody is one.

use super::{Check, Findings};
use crate::inspect::{Denied, Inventory, Right};
use crate::sql;

/// `server_version_num` from which a right that was a superuser's can be granted.
const GRANTABLE: u32 = 160_000;

/// Every right that is lacking, or that none is.
pub(super) fn check(findings: &mut Findings, inventory: &Inventory) {
    let server = &inventory.server;
    if server.superuser {
        return;
    }
    for denied in &inventory.denied {
        lacking(findings, inventory, denied);
    }
    if inventory.denied.is_empty() {
        let message = "the login is no superuser: it has every right that the migration is known to need, but a whole \
                       migration is tested with superusers only";
        let fix = format!("ALTER ROLE {} SUPERUSER, where the server's provider lets you", sql::ident(&server.login));
        findings.warn(Check::NotSuperuser, inventory.side, &server.login, message, fix);
    }
}

fn lacking(findings: &mut Findings, inventory: &Inventory, denied: &Denied) {
    let (check, purpose) = purpose(denied);
    let login = &inventory.server.login;
    let reason = if denied.reason.is_empty() { String::new() } else { format!(" ({})", denied.reason) };
    let message = format!("the login {login} is no superuser and may not {purpose}{reason}");
    findings.fatal(check, inventory.side, &denied.object, message, remedy(inventory, denied));
}

/// The check of a right, and what the migration does with it.
fn purpose(denied: &Denied) -> (Check, &'static str) {
    match denied.right {
        Right::Parameter => (
            Check::RightParameter,
            match denied.object.as_str() {
                "deadlock_timeout" => "set this: the switch would wait behind every autovacuum",
                "session_replication_role" => {
                    "set this: triggers and foreign keys would fire for each row that is copied"
                }
                _ => "set this: the password of the stream's role would be in the server's log",
            },
        ),
        Right::EventTrigger => {
            (Check::RightEventTrigger, "make the event trigger that looks after the tables' definitions")
        }
        Right::ReplicationRole => (Check::RightReplicationRole, "make the role that the stream logs in as"),
        Right::Replication => (Check::RightReplication, "open the replication session that makes the slot"),
        Right::Subscription => (Check::RightSubscription, "make the subscription"),
        Right::Origin => (Check::RightOrigin, "say where the stream that leads back begins"),
        Right::Owner => (Check::RightOwner, "act as the owner: publish, lock, and take rights away"),
        Right::Database => (Check::RightDatabase, "make the journal and the publication in this database"),
        Right::Sessions => (
            Check::RightSessions,
            "see and end other sessions: transactions that a slot waits for, and workers that stand still",
        ),
    }
}

fn remedy(inventory: &Inventory, denied: &Denied) -> String {
    let (login, object) = (sql::ident(&inventory.server.login), sql::ident(&denied.object));
    let grantable = inventory.server.version >= GRANTABLE;
    match denied.right {
        Right::Parameter => format!("GRANT SET ON PARAMETER {} TO {login}", denied.object),
        Right::Replication => format!("ALTER ROLE {login} REPLICATION"),
        Right::ReplicationRole if grantable => format!("ALTER ROLE {login} CREATEROLE REPLICATION"),
        Right::Subscription if grantable => format!("GRANT pg_create_subscription TO {login}"),
        Right::Origin => format!(
            "GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn), \
             pg_replication_origin_progress(text, boolean) TO {login}"
        ),
        Right::EventTrigger | Right::ReplicationRole | Right::Subscription => format!("ALTER ROLE {login} SUPERUSER"),
        Right::Owner => format!("GRANT {object} TO {login}"),
        Right::Database => format!("GRANT CREATE ON DATABASE {object} TO {login}"),
        Right::Sessions => format!("GRANT pg_read_all_stats, pg_signal_backend TO {login}"),
    }
}
