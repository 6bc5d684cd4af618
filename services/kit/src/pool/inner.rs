//! What all clones of the database handle share, and the task that keeps it true: binding files read again, both sides
//! warm, the active one alive. In come files; out go views. Must not run work of requests.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::BindingError;
use super::files::{self, Bindings};
use super::lookup::{Asked, Asking, Doubt, Doubts};
use super::owner::Role;
use super::rehearsal::Script;
use super::side::Side;
use super::view::View;
use crate::config::PoolSettings;
use crate::metrics::PoolMetrics;
use crate::telemetry::chain;

/// How long the active side may stay silent before this pod counts as not ready. Longer than a cutover and a busy moment
/// of the server: taking pods out of service for those would turn latency into errors.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Inner {
    pub(crate) settings: PoolSettings,
    pub(crate) metrics: PoolMetrics,
    pub(crate) views: watch::Sender<Arc<View>>,
    pub(crate) asking: Asking,
    pub(crate) doubts: Arc<Doubts>,
    /// Text of the last trouble with the files, so that it is logged once and not every second.
    reading: Mutex<Option<String>>,
    answered: std::sync::Mutex<Option<Instant>>,
    /// What requests run, for the next side to rehearse.
    script: Mutex<Script>,
    pub(crate) stop: CancellationToken,
}

impl Inner {
    /// # Errors
    /// When the binding files can't be used.
    pub(crate) async fn open(settings: PoolSettings, metrics: PoolMetrics) -> Result<Arc<Self>, BindingError> {
        let bindings = files::read(&settings.dir).await?;
        let current = Side::new(&bindings.current, &settings, settings.dir.join("current"))?;
        let next = bindings.next.map(|uri| Side::new(&uri, &settings, settings.dir.join("next"))).transpose()?;
        let view = View::alone(Arc::clone(&current)).rebound(current, next);
        let inner = Arc::new(Self {
            settings,
            metrics,
            views: watch::Sender::new(Arc::new(view)),
            asking: Mutex::new(Asked::default()),
            doubts: Arc::default(),
            reading: Mutex::new(None),
            answered: std::sync::Mutex::new(None),
            script: Mutex::default(),
            stop: CancellationToken::new(),
        });
        inner.show_active();
        // A pod may start in the middle of a split, or after it: ask before the first request has to find out.
        inner.look_around().await;
        inner.warm();
        Ok(inner)
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.views.borrow())
    }

    /// Whether the active side answered within the last moments.
    pub(crate) fn is_alive(&self) -> bool {
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.is_some_and(|at| at.elapsed() < PATIENCE)
    }

    /// Keeps the handle true until it is stopped.
    pub(crate) async fn keep(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(self.settings.refresh) => {}
            }
            self.refresh().await;
            self.look_around().await;
            self.warm();
            self.rehearse();
        }
    }

    /// Has the idle connections to the next side plan what requests run on the current one, in the background.
    fn rehearse(self: &Arc<Self>) {
        let view = self.view();
        if view.active == Role::Next || view.next.is_none() {
            self.metrics.rehearsed.set(0);
            return;
        }
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            // One round at a time; a server that is slow to answer must not hold up anything else.
            let Ok(mut script) = inner.script.try_lock() else { return };
            view.current.teach(&mut script).await;
            if let (Some(script), Some(next)) = (script.written(), &view.next) {
                let still_current = || Arc::ptr_eq(inner.view().active(), view.active());
                next.rehearse(&script, still_current, &inner.metrics).await;
            }
        });
    }

    /// Whether the active side answers and, during a split, who owns. At most one question a second comes from here.
    async fn look_around(&self) {
        let view = self.view();
        if view.next.is_some() {
            self.ask(Doubt { since: Instant::now(), view: &view, refusal: None }).await;
        }
        if self.view().active().answers().await {
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    /// Reads the binding files and puts a new view in force if they changed.
    pub(crate) async fn refresh(&self) {
        let mut trouble = self.reading.lock().await;
        let rebound = match files::read(&self.settings.dir).await {
            Ok(bindings) => self.rebind(bindings).await,
            Err(error) => Err(error),
        };
        let text = rebound.err().map(|error| chain(&error));
        if text != *trouble {
            match &text {
                Some(error) => tracing::warn!(error, "can't use the database binding; staying with the last good one"),
                None => tracing::info!("the database binding can be used again"),
            }
            *trouble = text;
        }
    }

    async fn rebind(&self, bindings: Bindings) -> Result<(), BindingError> {
        let old = self.view();
        let mut current = self.side(&old, &bindings.current, Path::new("current"))?;
        let next = bindings.next.as_ref().map(|uri| self.side(&old, uri, Path::new("next"))).transpose()?;
        // A new address that doesn't work yet (a password that isn't set on the server so far) must not replace one
        // that does; the next second decides again.
        let is_new =
            ![Some(&old.current), old.next.as_ref()].into_iter().flatten().any(|side| Arc::ptr_eq(side, &current));
        if is_new && !current.answers().await && old.current.answers().await {
            current = Arc::clone(&old.current);
        }
        let view = old.rebound(current, next);
        if view.same_sides(&old) {
            return Ok(());
        }
        tracing::info!(current = ?view.current, next = ?view.next, active = view.active.label(), "the database binding changed");
        let view = Arc::new(view);
        self.views.send_replace(Arc::clone(&view));
        self.show_active();
        old.gone_in(&view).for_each(Side::retire);
        self.warm();
        Ok(())
    }

    /// The side of this address: the one that is there already, with its open connections, or a new one.
    fn side(&self, view: &View, uri: &SecretString, file: &Path) -> Result<Arc<Side>, BindingError> {
        let known = [Some(&view.current), view.next.as_ref()].into_iter().flatten().find(|side| side.is_bound_to(uri));
        match known {
            Some(side) => Ok(Arc::clone(side)),
            None => Side::new(uri, &self.settings, self.settings.dir.join(file)),
        }
    }

    /// Opens idle connections where some are missing, in the background. The side that isn't used gets as many as the
    /// other one has, so that a cutover finds every connection it needs open.
    fn warm(&self) {
        let view = self.view();
        let busy = view.active().pool().size();
        for role in [Role::Current, Role::Next] {
            let Some(side) = view.side(role) else { continue };
            let wanted = if role == view.active { 0 } else { busy };
            let wanted = wanted.max(self.settings.min_connections);
            let idle = i64::try_from(side.pool().num_idle()).unwrap_or(i64::MAX);
            let open = i64::from(side.pool().size());
            self.metrics.connections.with_label_values(&[role.label(), "idle"]).set(idle);
            self.metrics.connections.with_label_values(&[role.label(), "busy"]).set((open - idle).max(0));
            let side = Arc::clone(side);
            tokio::spawn(async move { side.warm(wanted).await });
        }
    }

    pub(crate) fn show_active(&self) {
        let active = self.view().active;
        for role in [Role::Current, Role::Next] {
            self.metrics.active.with_label_values(&[role.label()]).set(i64::from(role == active));
        }
    }
}
