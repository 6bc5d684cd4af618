//! What is told to whoever approves the cutover, and what keeps it waiting.

use super::*;
use rerp_crds::split::{CutoverSettings, Evidence, EvidencePolicy};
use rerp_split::spec::{EvidenceSpec, Policy};
use rerp_split::status::Rehearsal;

#[test]
fn a_rehearsal_is_told_by_its_number_and_its_prediction_to_whoever_approves() {
    let mut object = migration("m");
    object.spec.cutover = Some(CutoverSettings { rehearsal: Some(2), ..CutoverSettings::default() });
    let says = |rehearsal: Option<Rehearsal>| {
        let mut seen = seen(Phase::ReadyForCutover);
        seen.journal.as_mut().unwrap().status.rehearsal = rehearsal;
        let decision = decide(&object, &seen, at(1000));
        assert_eq!((run(&decision).rehearsal, decision.outcome.reason()), (2, Reason::AwaitingApproval));
        decision.outcome.message().to_owned()
    };
    let done = |number| Rehearsal { number, predicted_pause_ms: Some(61.4), ..Rehearsal::default() };
    assert!(says(None).starts_with("ready for the cutover, and about to rehearse, number 2; raise"));
    assert!(says(Some(done(1))).contains("about to rehearse, number 2"));
    assert!(says(Some(done(2))).starts_with("ready for the cutover, with a pause of 61 ms by rehearsal 2; raise"));
    let failed = Rehearsal { failed: Some("no locks".into()), predicted_pause_ms: None, ..done(2) };
    assert!(says(Some(failed)).contains("and rehearsal 2 failed: no locks;"));
    assert_eq!(run(&decide(&migration("m"), &seen(Phase::ReadyForCutover), at(1000))).rehearsal, 0);
}

#[test]
fn the_cutover_waits_for_the_evidence_that_is_asked_for() {
    let mut object = migration("m");
    object.spec.advance_to = Some(AdvanceTo::Cutover);
    let quiet_for = Some(Text::new("1h"));
    object.spec.evidence = Some(Evidence { policy: Some(EvidencePolicy::Require), quiet_for });
    let mut seen = seen(Phase::ReadyForCutover);
    seen.unprepared = Some(Vec::new());
    let told = run(&decide(&object, &seen, at(1000))).checked.spec.evidence;
    assert_eq!(told, EvidenceSpec { policy: Policy::Require, quiet_for_s: 3600 });
    let closed = Some("others use the moving tables: report".to_owned());
    seen.journal.as_mut().unwrap().status.evidence =
        Some(rerp_split::status::Evidence { closed, ..Default::default() });
    let waits = decide(&object, &seen, at(1000)).outcome;
    assert_eq!((waits.reason(), waits.message().contains("report")), (Reason::StillUsed, true), "{waits:?}");
    assert_eq!(run(&decide(&migration("m"), &seen, at(1000))).checked.spec.evidence, EvidenceSpec::default());
}
