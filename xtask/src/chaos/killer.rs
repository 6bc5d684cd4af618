//! The hand that kills, and the questions afterwards. In: a cluster, chance, and those whose flows go on meanwhile. Out: a report that grows. It waits for
//! the platform now and then: a flow in which nothing gets through shows nothing.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::report::Report;
use super::rng::Rng;
use super::stripe::{Meant, Vendor};
use super::victims::{self, Victim};
use super::visitor::Visitor;
use super::{Error, JOURNEYS, RATE, READY, sides, truth};
use crate::cluster::Cluster;
use crate::demo::stage::{Ended, Stage};
use crate::progress::{Step, note};
use crate::walk::places::Places;

/// Shortest time between two kills, and how much chance adds.
const GAP: Duration = Duration::from_secs(2);
const MORE_MS: u64 = 6_000;
/// After so many kills the platform may come to itself: a flow in which nothing gets through shows nothing.
const BREATH: u32 = 8;
/// Until everything that was begun is finished.
const FINISHED: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(200);

/// Kills, and keeps what has come of it.
pub(super) struct Killer<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) rng: Rng,
    pub(super) report: Report,
}

impl Killer<'_> {
    pub(super) fn under_load(&mut self, stage: &Stage<'_>, kills: u32, visitor: &mut Visitor<'_>) -> Result<(), Error> {
        let step = Step::begin(format!("{kills} kills under {RATE} forms and {JOURNEYS} journeys a second"));
        for n in 1..=kills {
            self.wait(|| visitor.come());
            self.kill(|_| true)?;
            if n % BREATH == 0 || n == kills {
                stage.ready("sdb,rsvc", READY)?;
                // What is ready has to be of use: something gets through before the next ones.
                self.wait(|| visitor.come());
                let flow = stage.flow()?;
                note(format!("{n} kills, {} acknowledged, {} failed", flow.acknowledged, flow.failed));
                if !flow.running {
                    return Err(Error::LoadEnded);
                }
            }
        }
        step.done("killed");
        Ok(())
    }

    /// What payments pass through is hit while events are delivered.
    pub(super) fn under_payments(&mut self, vendor: &mut Vendor<'_>, kills: u32) -> Result<(), Error> {
        let step = Step::begin(format!("{kills} kills while {} events of Stripe's are delivered", vendor.left()));
        for _ in 0..kills {
            self.wait(|| vendor.deliver(POLL));
            self.kill(|victim| victim.of == "billing" || victim.of == "gateway" || victim.of == "monolith")?;
        }
        // A status that was true a moment ago is not yet true again.
        self.wait(|| vendor.deliver(POLL));
        step.done(format!("{} events left", vendor.left()));
        Ok(())
    }

    /// A while, as long as chance has it.
    fn wait(&mut self, mut meanwhile: impl FnMut()) {
        let until = Instant::now() + GAP + Duration::from_millis(self.rng.below(MORE_MS));
        while Instant::now() < until {
            meanwhile();
            thread::sleep(POLL);
        }
    }

    fn kill(&mut self, who: impl Fn(&Victim) -> bool) -> Result<(), Error> {
        let until = Instant::now() + READY;
        loop {
            let there: Vec<Victim> = victims::there(self.cluster)?.into_iter().filter(|victim| who(victim)).collect();
            if let Some((victim, crash)) = victims::choose(&there, &mut self.rng) {
                self.report.kills.push(victim.kill(self.cluster, crash)?);
                return Ok(());
            }
            if Instant::now() > until {
                return Err(Error::NobodyThere);
            }
            thread::sleep(POLL);
        }
    }

    pub(super) fn compare(&mut self, stage: &Stage<'_>, places: &Places<'_>, ended: &Ended) -> Result<(), Error> {
        let step = Step::begin("Waiting until what was begun is finished, and comparing the ledger with all databases");
        self.report.findings.extend(truth::finished(places, ended.since(), FINISHED)?);
        let mut servers = BTreeMap::new();
        for service in truth::SERVICES {
            servers.insert(service, places.server(service)?.to_owned());
        }
        self.report.kept = stage.judge(ended, &servers)?;
        step.done(format!("{} acknowledged writes compared", self.report.kept.acknowledged));
        Ok(())
    }

    pub(super) fn conclude(
        mut self,
        places: &Places<'_>,
        since: &str,
        (vendor, meant): (&Vendor<'_>, &Meant),
        visitor: &Visitor<'_>,
    ) -> Result<Report, Error> {
        let step = Step::begin("Comparing intents with effects");
        let report = &mut self.report;
        report.forms = visitor.forms();
        report.webhooks = vendor.answers.clone();
        if vendor.left() > 0 {
            report.findings.push(format!("{} events of Stripe's were never taken", vendor.left()));
        }
        report.findings.extend(truth::finished(places, since, FINISHED)?);
        report.findings.extend(truth::wrong(places, since)?);
        let given_up = report.forms.given_up;
        report.findings.extend(sides::forms(places, &visitor.run, &visitor.acknowledged, given_up)?);
        report.findings.extend(sides::mirrors(places, vendor)?);
        let (charges, amiss) = sides::charged(&meant.charges, &vendor.made(meant)?);
        report.charges = charges;
        report.findings.extend(amiss);
        step.done("compared");
        Ok(self.report)
    }
}
