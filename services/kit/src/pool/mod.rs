//! The database handle of a service: warm connections to the present database and, during a split, to the next one, and
//! the repetition that lets a request live through the moment its data changes servers.
//!
//! In comes work, a function of a [`Session`]; out goes its result or a [`DbError`]. A request sees a cutover as
//! latency, never as an error, because:
//!
//! * a side that is being closed aborts statements with definite errors (42501, 25006): nothing was written, so the
//!   work can be repeated;
//! * who owns the data stands in a row on each side, `rerp_split.owner`. After such an abort both rows are read, once
//!   for all requests that wait, and if the source has closed but nobody opened the target yet, we open it ourselves;
//! * connections to the other side are open, and have planned what requests run, before they are needed.
//!
//! An answer to COMMIT that got lost is different: it is in doubt, and work is repeated only if its caller said that
//! doing it twice is harmless ([`Db::transaction_idempotent`]).
//!
//! A handle also says on whose behalf it works: [`Db::on_behalf`] of a caller, or [`Db::at_work`]. Each transaction tells the server, and policies of row
//! level security go by it. A handle that says neither sees nothing that is anybody's.
//!
//! Must not be used around: a connection opened elsewhere doesn't follow.

mod behalf;
mod error;
mod fault;
mod files;
mod inner;
mod lookup;
mod owner;
mod ramp;
mod rehearsal;
mod retry;
mod session;
mod side;
mod view;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

pub use error::{BindingError, Class, DbError};
pub(crate) use files::read as read_bindings;
pub(crate) use owner::{Decision, Known, Role, decide};
pub(crate) use retry::WAIT;
pub use session::{Session, Work};
pub(crate) use side::Side;

use crate::access::Caller;
use crate::audit::Errand;
use crate::config::PoolSettings;
use crate::http::context;
use crate::metrics::PoolMetrics;
use behalf::Behalf;
use inner::Inner;
use retry::{Mode, Replay};

/// Time work has when it runs outside of a request.
pub(crate) const WITHOUT_REQUEST: Duration = Duration::from_secs(10);

/// Kept of a request's time for saying that the database took the rest.
const ANSWERING: Duration = Duration::from_millis(20);

/// The handle. Clones share everything but on whose behalf they work.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
    behalf: Behalf,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("view", &self.inner.view()).finish()
    }
}

impl Db {
    /// Reads the binding files, asks who owns, starts opening connections and the task that keeps all of it true.
    /// A server that can't be reached is no error: the handle keeps trying, and [`Db::is_alive`] says so.
    ///
    /// # Errors
    /// When the binding files can't be used.
    pub async fn open(settings: PoolSettings, metrics: PoolMetrics) -> Result<Self, BindingError> {
        let inner = Inner::open(settings, metrics).await?;
        tokio::spawn(Arc::clone(&inner).keep());
        Ok(Self { inner, behalf: Behalf::default() })
    }

    /// A handle for what `caller` asks for: a person's transactions see what is that person's, those of staff see everything and leave a row in
    /// `staff_access` each, and nobody's see nothing that is anybody's. Another service's are this service's work.
    #[must_use]
    pub fn on_behalf(&self, caller: &Caller) -> Self {
        Self { inner: Arc::clone(&self.inner), behalf: self.behalf.of(caller) }
    }

    /// The same with what staff say of why they ask, and for what: it goes on record with each of their transactions. Of nobody else is anything kept.
    #[must_use]
    pub fn telling(self, errand: Errand) -> Self {
        Self { behalf: self.behalf.telling(errand), ..self }
    }

    /// A handle for the service's own work, which sees everything: workers, reconciliation, effects of events, answers to other services. Not for what a
    /// person asks for, except where the route is for everybody and the rows are nobody's secret.
    #[must_use]
    pub fn at_work(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), behalf: self.behalf.work() }
    }

    /// A handle for what `caller` was let in for though policies don't know it as theirs, such as leads under an address that was theirs before: the service's own
    /// work, but of staff, who leave their row as always. For statements that name whose rows they mean, after the caller was asked who they are.
    #[must_use]
    pub fn at_work_for(&self, caller: &Caller) -> Self {
        if matches!(caller, Caller::Staff { .. }) { self.on_behalf(caller) } else { self.at_work() }
    }

    /// A handle that notes, as a person's transaction begins, which accounts the person reaches: `statement` is run then, in the same message, when
    /// `rerp.subject` says who it is. For a service whose data belongs to accounts and not to persons.
    #[must_use]
    pub fn reaching(self, statement: &'static str) -> Self {
        Self { behalf: self.behalf.reaching(statement), ..self }
    }

    /// Runs `work` on what it is `given`, in one READ COMMITTED transaction. It is repeated only while it is certain that nothing was written.
    ///
    /// # Errors
    /// See [`DbError`].
    pub async fn transaction<A, T, W>(&self, given: &A, work: W) -> Result<T, DbError>
    where
        A: Sync + ?Sized,
        W: for<'c> Fn(&'c mut Session, &'c A) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + Sync,
    {
        self.drive(Mode::Transaction, Replay::OnlyIfAborted, given, work).await
    }

    /// Like [`Db::transaction`], for work that may be done twice with the effect of once (it carries its own key or
    /// identifier): also repeated when the answer to COMMIT was lost.
    ///
    /// # Errors
    /// See [`DbError`]; never `InDoubt`.
    pub async fn transaction_idempotent<A, T, W>(&self, given: &A, work: W) -> Result<T, DbError>
    where
        A: Sync + ?Sized,
        W: for<'c> Fn(&'c mut Session, &'c A) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + Sync,
    {
        self.drive(Mode::Transaction, Replay::Always, given, work).await
    }

    /// Runs `work` without a transaction: for one statement, or several that each stand for themselves. It must be
    /// harmless to do twice, as reads and `ON CONFLICT DO NOTHING` are. Saves the two round trips of a transaction where it is the service's own work
    /// ([`Db::at_work`]); for whom it is otherwise is told until a transaction ends, so there is one then.
    ///
    /// # Errors
    /// See [`DbError`]; never `InDoubt`.
    pub async fn run<A, T, W>(&self, given: &A, work: W) -> Result<T, DbError>
    where
        A: Sync + ?Sized,
        W: for<'c> Fn(&'c mut Session, &'c A) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + Sync,
    {
        let mode = if self.behalf.is_work() { Mode::Autocommit } else { Mode::Transaction };
        self.drive(mode, Replay::Always, given, work).await
    }

    /// The numbers of this handle.
    #[must_use]
    pub fn metrics(&self) -> &PoolMetrics {
        &self.inner.metrics
    }

    /// Whether the side in use answered within the last moments.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner.is_alive()
    }

    /// Stops following and closes every connection once its work has ended, waiting at most `within`.
    pub async fn close(&self, within: Duration) {
        self.inner.stop.cancel();
        let view = self.inner.view();
        let sides = [Some(&view.current), view.next.as_ref()].into_iter().flatten();
        let closing = futures::future::join_all(sides.map(|side| side.pool().close()));
        let _ = tokio::time::timeout(within, closing).await;
    }

    /// When to give up, so that the request at hand can still be answered.
    fn deadline() -> Instant {
        let until = context::deadline().and_then(|deadline| deadline.checked_sub(ANSWERING));
        until.unwrap_or_else(|| Instant::now() + WITHOUT_REQUEST)
    }
}
