//! The status, always. In: the object, what was applied or the stop that ended the pass. Out: the final outcome. What isn't
//! known in this pass stays as it was: a service whose new spec is refused still serves with the old one.

use super::MANAGER;
use super::apply::Applied;
use super::certificate::Certified;
use super::check::bus::Bus;
use super::check::edge::Edge;
use super::check::{Checked, Stop, Verdict, workload};
use super::gather::COMPONENT;
use crate::cluster::{read, status};
use crate::context::Context;
use crate::outcome::Outcome;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use rerp_crds::service::{Certificate, ResolvedService};
use rerp_crds::{
    ConditionStatus, ConditionType, NewCondition, ObjectRef, Reason, RerpService, RerpServiceStatus, Summary,
};
use std::time::Duration;

/// Somebody may remove a Secret that the spec names, and no watch tells.
const DRIFT: Duration = Duration::from_secs(300);

/// Stores the status and says how the pass ended.
pub(super) async fn report(
    object: &RerpService,
    context: &Context,
    certified: Option<Result<Certified, Outcome>>,
    applied: Result<Applied, Stop>,
) -> Outcome {
    let mut after = object.status.clone().unwrap_or_default();
    let certificate = certified.as_ref().map(certificate);
    let (outcome, mut details) = match applied {
        Ok(Applied { checked, deployment, exposed }) => {
            describe(&mut after, &checked, &deployment);
            judge(&checked, &deployment, &exposed, certificate.as_ref())
        }
        Err(Stop { about, outcome }) => {
            let detail = about.map(|type_| off(type_, &outcome));
            (outcome, detail.into_iter().collect())
        }
    };
    details.extend(certificate.map(|verdict| detail(ConditionType::CertificatesValid, &verdict)));
    if let Some(Ok(certified)) = certified {
        certify(&mut after, certified);
    }
    let generation = object.metadata.generation.unwrap_or_default();
    after.observed_generation = Some(generation);
    let now = context.clock.now();
    after.conditions = status::conditions(&after.conditions, &outcome, &details, generation, now);
    status::settle(context, MANAGER, object, outcome, after, conditions).await
}

fn conditions(status: &RerpServiceStatus) -> &[Condition] {
    &status.conditions
}

/// The verdicts as conditions, and the one outcome that they come to: what needs a person comes first, then what needs time.
fn judge(
    checked: &Checked,
    deployment: &Deployment,
    exposed: &Verdict,
    certificate: Option<&Verdict>,
) -> (Outcome, Vec<NewCondition>) {
    let pods = workload::verdict(deployment, &checked.pods, checked.replicas);
    // A missing Secret of the user's is why pods don't run; it says more than the pods do.
    let workload = match (&checked.configuration, &pods) {
        (Verdict::Off(_), Verdict::Off(_)) => &checked.configuration,
        _ => &pods,
    };
    let facets = [
        (ConditionType::WorkloadAvailable, workload),
        (ConditionType::DatabaseReady, &checked.data),
        (ConditionType::DependenciesReady, &checked.dependencies),
        (ConditionType::Exposed, exposed),
    ];
    let served = match &checked.edge {
        Edge::Itself(served) => Some((ConditionType::RoutesAccepted, &served.verdict)),
        Edge::Elsewhere => None,
    };
    let troubles: Vec<&Outcome> = certificate
        .into_iter()
        .chain([
            &checked.configuration,
            workload,
            &checked.data,
            &checked.dependencies,
            &checked.events.verdict,
            exposed,
        ])
        .filter_map(|verdict| match verdict {
            Verdict::Off(outcome) if concerns_ready(outcome) => Some(outcome),
            _ => None,
        })
        .collect();
    let refused = troubles.iter().find(|outcome| outcome.summary() == Summary::Stalled);
    let outcome = refused.or(troubles.first()).map_or_else(|| done(checked), |outcome| (*outcome).clone());
    let details = facets.into_iter().chain(served).map(|(type_, verdict)| detail(type_, verdict));
    (outcome, details.collect())
}

/// A dependency that isn't ready shows in DependenciesReady only: else one service that restarts would turn everybody unready. Nor does
/// Ready wait for who leads requests here: the service serves all the same.
fn concerns_ready(outcome: &Outcome) -> bool {
    !matches!(outcome.reason(), Reason::DependencyNotReady | Reason::RouteNotTaken | Reason::RouteRefused)
}

fn done(checked: &Checked) -> Outcome {
    let moved = match &checked.data {
        Verdict::Fine(Reason::DatabaseMoved | Reason::DatabaseMoving, message) => format!("; {message}"),
        _ => String::new(),
    };
    let waiting = match &checked.bus {
        Bus::Missing(name) => format!("; its events wait: there is no RerpService {name} in the namespace"),
        Bus::Unused | Bus::Joined(_) | Bus::Itself(_) => String::new(),
    };
    let pods = workload::pods_in_words(checked.replicas);
    let message = format!("{pods} of {} at {}{moved}{waiting}", checked.spec.image, checked.url);
    Outcome::Done { message, again: DRIFT }
}

fn detail(type_: ConditionType, verdict: &Verdict) -> NewCondition {
    match verdict {
        Verdict::Fine(reason, message) => NewCondition::new(type_, ConditionStatus::True, *reason, message.as_str()),
        Verdict::Off(outcome) => off(type_, outcome),
    }
}

fn off(type_: ConditionType, outcome: &Outcome) -> NewCondition {
    let status = match outcome.summary() {
        Summary::Stalled => ConditionStatus::False,
        _ => ConditionStatus::Unknown,
    };
    NewCondition::new(type_, status, outcome.reason(), outcome.message())
}

fn certificate(certified: &Result<Certified, Outcome>) -> Verdict {
    match certified {
        Ok(Certified { identity, life, .. }) => {
            let message = format!("{identity} until {}, renewed at {}", life.not_after, life.renewal_at);
            Verdict::Fine(Reason::AsExpected, message)
        }
        Err(outcome) => Verdict::Off(outcome.clone()),
    }
}

fn certify(after: &mut RerpServiceStatus, certified: Certified) {
    let Certified { identity, life, callers } = certified;
    let (not_after, renewal_at) = (Time(life.not_after), Time(life.renewal_at));
    after.certificate = Some(Certificate { identity, not_after, renewal_at });
    if let Some(resolved) = &mut after.resolved {
        resolved.callers = callers;
    }
}

fn describe(after: &mut RerpServiceStatus, checked: &Checked, deployment: &Deployment) {
    let pods = deployment.status.as_ref();
    after.replicas = Some(pods.and_then(|status| status.replicas).unwrap_or_default());
    after.available_replicas = Some(pods.and_then(|status| status.available_replicas).unwrap_or_default());
    after.selector = Some(read::selector(&checked.owner.selector(COMPONENT)));
    let database = checked.database.as_ref();
    let callers = after.resolved.take().map(|before| before.callers).unwrap_or_default();
    after.resolved = Some(ResolvedService {
        image: checked.spec.image.clone(),
        replicas: checked.replicas,
        url: checked.url.clone(),
        mtls: Some(checked.mtls),
        // Known with the certificate, not with this.
        callers,
        publishes: checked.events.names.clone(),
        database_ref: database.map(|database| ObjectRef::new(database.record.database.as_str())),
        next_database_ref: database.and_then(|database| database.next_name.as_deref()).map(ObjectRef::new),
        dependencies: checked.addresses.clone(),
    });
}
