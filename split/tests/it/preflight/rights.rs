//! A login that is no superuser, with all that a superuser can grant: each right is taken from it alone, found, and given back by
//! what the finding says.

use super::{admin, clean, fill, found, names, run_script};
use crate::world::{World, catalog};
use rerp_split::connect::Endpoint;
use rerp_split::preflight::Check;
use rerp_split::run::look;
use rerp_split::spec::Side;
use rerp_split::status::{Finding, Severity};
use rerp_split::step::{Job, StepError};

/// Everything that can be granted on PostgreSQL 15 and later.
const SOURCE: &str = "
CREATE ROLE {d}_admin LOGIN REPLICATION CREATEROLE BYPASSRLS IN ROLE {o}, pg_read_all_stats, pg_signal_backend;
GRANT CREATE ON DATABASE {d} TO {d}_admin;
GRANT SET ON PARAMETER deadlock_timeout, log_statement, log_min_error_statement, log_min_duration_statement,
    log_min_duration_sample TO {d}_admin";
const TARGET: &str = "
CREATE ROLE {td}_admin LOGIN BYPASSRLS IN ROLE {to}, pg_read_all_stats, pg_signal_backend;
GRANT CREATE ON DATABASE {td} TO {td}_admin;
GRANT SET ON PARAMETER deadlock_timeout, log_statement, log_min_error_statement, log_min_duration_statement,
    log_min_duration_sample, session_replication_role TO {td}_admin";
/// No definition is let through, whoever makes it.
const STOPPED: &str = "
CREATE FUNCTION stay.no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not now''; END';
CREATE EVENT TRIGGER seeded ON ddl_command_start EXECUTE FUNCTION stay.no()";
/// From here on a superuser can grant it.
const SUBSCRIPTIONS: &str = "GRANT pg_create_subscription TO {td}_admin";

/// What is taken on one side.
type Lack = (Check, Side, &'static str);

const LACKS: &[Lack] = &[
    (Check::RightOwner, Side::Source, "REVOKE {o} FROM {d}_admin"),
    (Check::RightOwner, Side::Target, "REVOKE {to} FROM {td}_admin"),
    (Check::RightDatabase, Side::Source, "REVOKE CREATE ON DATABASE {d} FROM {d}_admin"),
    (Check::RightDatabase, Side::Target, "REVOKE CREATE ON DATABASE {td} FROM {td}_admin"),
    (Check::RightSessions, Side::Source, "REVOKE pg_signal_backend FROM {d}_admin"),
    (Check::RightSessions, Side::Target, "REVOKE pg_read_all_stats FROM {td}_admin"),
    (Check::RightParameter, Side::Source, "REVOKE SET ON PARAMETER deadlock_timeout FROM {d}_admin"),
    (Check::RightParameter, Side::Source, "REVOKE SET ON PARAMETER log_statement FROM {d}_admin"),
    (Check::RightParameter, Side::Target, "REVOKE SET ON PARAMETER session_replication_role FROM {td}_admin"),
    (Check::RightReplication, Side::Source, "ALTER ROLE {d}_admin NOREPLICATION"),
    (
        Check::RowSecurity,
        Side::Source,
        "ALTER ROLE {d}_admin NOBYPASSRLS; ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY;
         ALTER TABLE app.parent FORCE ROW LEVEL SECURITY",
    ),
    // The table is as the one before has left it.
    (Check::RowSecurity, Side::Target, "ALTER ROLE {td}_admin NOBYPASSRLS"),
];

/// What PostgreSQL 15 keeps to superusers; of the later ones the first.
const KEPT: [Check; 3] = [Check::RightEventTrigger, Check::RightReplicationRole, Check::RightSubscription];

/// What a way back needs besides: the same rights on the other side, and one on both. Those that can be granted on every version.
const BOTH_WAYS: [(Check, Side); 3] =
    [(Check::RightReplication, Side::Target), (Check::RightOrigin, Side::Source), (Check::RightOrigin, Side::Target)];

/// Every check that this seeds.
pub(super) fn checks() -> impl Iterator<Item = Check> {
    LACKS.iter().map(|(check, ..)| *check).chain(KEPT).chain(BOTH_WAYS.map(|(check, _)| check))
}

/// The migration as these logins would do it.
fn job(world: &World) -> Job {
    let endpoint = |side, url: String, database: &str| {
        let url = url.replace("postgres@", &format!("{database}_admin@"));
        Endpoint::parse(side, &url, &world.migration).unwrap()
    };
    let source = endpoint(Side::Source, world.source.url(), &world.source.database);
    let target = endpoint(Side::Target, world.target.url(), &world.target.database);
    Job { source, target, ..world.reader() }
}

/// What a job finds beyond `known`.
async fn more(job: &Job, known: &[Finding]) -> Vec<Finding> {
    let mut findings = found(job).await;
    findings.retain(|finding| !known.contains(finding));
    findings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_no_superuser_is_told_each_right_that_it_lacks() {
    let world = World::empty().await;
    clean(&world).await;
    let (source, target) = (admin(&world, Side::Source).await, admin(&world, Side::Target).await);
    source.batch_execute(&fill(SOURCE, &world)).await.unwrap();
    target.batch_execute(&fill(TARGET, &world)).await.unwrap();
    let version: i32 = target.query_one("SELECT current_setting('server_version_num')::int", &[]).await.unwrap().get(0);
    let grantable = version >= 160_000;
    if grantable {
        target.batch_execute(&fill(SUBSCRIPTIONS, &world)).await.unwrap();
    }
    let job = job(&world);
    let roles = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'rerp\\_%probe%'";
    let before = (catalog(&source).await, catalog(&target).await);
    let kept = found(&job).await;
    assert_eq!((catalog(&source).await, catalog(&target).await), before, "what is tried is taken back");
    assert_eq!(source.query_one(roles, &[]).await.unwrap().get::<_, i64>(0), 0);
    let mut expected: Vec<_> = KEPT.iter().map(|check| (check.id(), Severity::Fatal)).collect();
    if grantable {
        expected = vec![(Check::NotSuperuser.id(), Severity::Warning), (KEPT[0].id(), Severity::Fatal)];
    }
    assert_eq!(names(&kept), expected, "{kept:#?}");

    for (check, side, take) in LACKS {
        let superuser = admin(&world, *side).await;
        run_script(&superuser, &fill(take, &world)).await;
        let lacking: Vec<_> = more(&job, &kept).await;
        // From 16 on these need others of the rights, too.
        let kept_too = |finding: &Finding| KEPT.iter().any(|check| check.id() == finding.id);
        let lacking: Vec<_> = lacking.into_iter().filter(|finding| !kept_too(finding)).collect();
        assert_eq!(names(&lacking), [(check.id(), Severity::Fatal)], "{take}: {lacking:#?}");
        assert_eq!(lacking[0].side, *side, "{lacking:#?}");
        run_script(&superuser, &lacking[0].fix).await;
        let left = more(&job, &kept).await;
        assert!(left.is_empty(), "{take} is not mended by {}: {left:#?}", lacking[0].fix);
    }

    way_back(&world, &job, &kept).await;

    // Whatever else stops what is tried is no right that is lacking.
    source.batch_execute(STOPPED).await.unwrap();
    let stopped = look(&job).await.map(|(.., findings)| findings);
    assert!(matches!(stopped, Err(StepError::Inspect(_))), "{stopped:#?}");
    source.batch_execute("DROP EVENT TRIGGER seeded; DROP FUNCTION stay.no()").await.unwrap();

    // A superuser among the owner's members is a finding of its own.
    run_script(&source, &fill("REVOKE {o} FROM {d}_admin", &world)).await;
    run_script(&target, &fill("REVOKE {to} FROM {td}_admin", &world)).await;
    for finding in kept.iter().filter(|finding| finding.severity == Severity::Fatal) {
        assert!(finding.fix.ends_with("_admin\" SUPERUSER"), "{finding:#?}");
        run_script(&admin(&world, finding.side).await, &finding.fix).await;
    }
    let left = found(&job).await;
    assert!(left.iter().all(|finding| grantable && finding.side == Side::Target), "{left:#?}");
}

/// What the migration lacks where it is to have a way back.
async fn way_back(world: &World, job: &Job, kept: &[Finding]) {
    let mut both_ways = job.clone();
    both_ways.spec.way_back = true;
    let lacking = more(&both_ways, kept).await;
    for (check, side) in BOTH_WAYS {
        let lacks = |finding: &&Finding| finding.id == check.id() && finding.side == side;
        let finding = lacking.iter().find(lacks).unwrap_or_else(|| panic!("{check:?} on the {side}: {lacking:#?}"));
        run_script(&admin(world, side).await, &finding.fix).await;
    }
    let left = more(&both_ways, kept).await;
    let side_of = |finding: &Finding| (finding.id.clone(), finding.side);
    let kept_to_superusers = [(KEPT[0], Side::Target), (KEPT[1], Side::Target), (KEPT[2], Side::Source)];
    let kept_to_superusers = kept_to_superusers.map(|(check, side)| (check.id().to_owned(), side));
    assert!(left.iter().all(|finding| kept_to_superusers.contains(&side_of(finding))), "{left:#?}");
}
