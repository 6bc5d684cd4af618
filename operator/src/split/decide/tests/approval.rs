//! What is told to whoever approves the cutover, and what keeps it waiting.

use super::*;
use rerp_crds::split::{CutoverSettings, CutoverWindow, Evidence, EvidencePolicy};
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

#[test]
fn the_first_cutover_waits_for_its_window_and_is_called_back_when_it_closes() {
    let mut object = migration("m");
    object.spec.advance_to = Some(AdvanceTo::Completed);
    let window = CutoverWindow { from: "02:00".into(), to: "03:00".into(), ..CutoverWindow::default() };
    object.spec.cutover = Some(CutoverSettings { window: Some(window), ..CutoverSettings::default() });
    let (before, within, after) = (at(7199), at(7200), at(10_800));
    let fresh = |phase, now: Timestamp| {
        let mut seen = seen(phase);
        seen.unprepared = Some(Vec::new());
        seen.journal.as_mut().unwrap().heartbeat = Some(now);
        seen
    };
    let told = |phase, now| run(&decide(&object, &fresh(phase, now), now)).wish.advance_to;
    let ready = Phase::ReadyForCutover;
    assert_eq!([before, within, after].map(|now| told(ready, now)), [ready, Phase::Completed, ready]);
    assert_eq!([within, after].map(|now| told(Phase::Cutover, now)), [Phase::Completed, ready], "while it is tried");
    let waits = decide(&object, &fresh(ready, after), after).outcome;
    assert_eq!(waits.reason(), Reason::AwaitingWindow);
    let ends = |phase, now| run(&decide(&object, &fresh(phase, now), now)).wish.until;
    assert_eq!(
        [before, within, after].map(|now| ends(ready, now)),
        [None, Some(after), None],
        "the worker minds it too"
    );
    let mut missing = fresh(ready, after);
    missing.unprepared = Some(vec!["identity-0".to_owned()]);
    let told = decide(&object, &missing, after).outcome;
    assert!(told.reason() == Reason::AwaitingWindow && told.message().contains("identity-0"), "{told:?}");
    assert!(waits.message().contains("its window opens at 1970-01-02 02:00 UTC"), "{waits:?}");

    let mut moved = fresh(Phase::Observe, after);
    moved.journal.as_mut().unwrap().status.epoch = 1;
    assert_eq!(run(&decide(&object, &moved, after)).wish.advance_to, Phase::Completed, "the data has moved");
    object.spec.advance_to = None;
    let held = decide(&object, &fresh(ready, after), after).outcome;
    assert_eq!(held.reason(), Reason::AwaitingApproval, "nobody has asked for it");
    let nowhere =
        CutoverWindow { from: "02:00".into(), to: "03:00".into(), time_zone: Some("Nowhere".into()), days: vec![] };
    object.spec.cutover = Some(CutoverSettings { window: Some(nowhere), ..CutoverSettings::default() });
    assert_eq!(decide(&object, &fresh(ready, after), after).outcome.reason(), Reason::InvalidSpec);
}
