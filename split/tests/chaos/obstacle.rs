//! What stands in the fence's way: put up, and taken away again, by somebody who is no worker.
//!
//! In: a world before its cutover. Out: an obstacle that lasts until `clear`. Everything it changes is changed back.

use super::points::Obstacle;
use crate::support::side::Side;
use crate::world::World;
use crate::world::schema::REFUSE_GRANTS;
use rerp_split::spec::Direction;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// A table that moves and that nobody writes to.
const TABLE: &str = "app.nothing_in_it";

/// An obstacle that stands.
pub struct Standing {
    kind: Obstacle,
    migration: String,
    source: Client,
    target: Client,
    /// What holds or watches something as long as the obstacle stands.
    tasks: Vec<JoinHandle<()>>,
}

impl Standing {
    /// Puts `kind` up.
    pub async fn put_up(kind: Obstacle, world: &World) -> Self {
        let (source, target) = (world.source.admin().await, world.target.admin().await);
        let mut standing = Self { kind, migration: world.migration.clone(), source, target, tasks: vec![] };
        match kind {
            Obstacle::LockedTable => standing.lock_table().await,
            Obstacle::Unpublished => standing.publish("DROP").await,
            Obstacle::LostAnswer => standing.lose_answers(&world.source).await,
            Obstacle::ClosedTarget => standing.refuse().await,
            Obstacle::HeldRow => {
                let holder = hold_row(world.source.admin().await, standing.migration.clone());
                standing.tasks.push(tokio::spawn(holder));
            }
        }
        standing
    }

    /// Takes it away.
    pub async fn clear(self) {
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
        let prepared = format!("COMMIT PREPARED 'obstacle_{}'", self.migration);
        match self.kind {
            Obstacle::LockedTable => self.source.batch_execute(&prepared).await.unwrap(),
            Obstacle::Unpublished => publish(&self.source, &self.migration, "ADD").await,
            Obstacle::LostAnswer | Obstacle::HeldRow => {}
            Obstacle::ClosedTarget => {
                let drop = "DROP EVENT TRIGGER refuse; DROP FUNCTION public.refuse()";
                self.target.batch_execute(drop).await.unwrap();
            }
        }
    }

    /// A prepared transaction belongs to no session, so the fence can't see its age beforehand.
    async fn lock_table(&self) {
        let lock = format!(
            "BEGIN; LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'obstacle_{}'",
            self.migration
        );
        self.source.batch_execute(&lock).await.unwrap();
    }

    async fn publish(&self, verb: &str) {
        publish(&self.source, &self.migration, verb).await;
    }

    /// A change of rights that isn't committed makes F8's own wait; whoever waits there is ended.
    async fn lose_answers(&mut self, source: &Side) {
        let holder = source.admin().await;
        holder.batch_execute(&format!("BEGIN; GRANT SELECT ON {TABLE} TO pg_monitor")).await.unwrap();
        let (watcher, prefix) = (source.admin().await, format!("rerp-split/{}/", self.migration));
        self.tasks.push(tokio::spawn(async move {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(application_name, $1) \
                       AND wait_event_type = 'Lock' AND query LIKE '%rerp_close%'";
            loop {
                watcher.execute(end, &[&prefix]).await.unwrap();
                holder.batch_execute("SELECT").await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        }));
    }

    /// Whatever grants on the target fails.
    async fn refuse(&self) {
        self.target.batch_execute(REFUSE_GRANTS).await.unwrap();
    }
}

async fn publish(source: &Client, migration: &str, verb: &str) {
    let statement = format!(
        "SET rerp_split.migration = '{migration}'; ALTER PUBLICATION {} {verb} TABLE {TABLE}",
        rerp_split::names::publication(migration, Direction::Forward)
    );
    source.batch_execute(&statement).await.unwrap();
}

/// Holds the owner row of the source from the moment at which it is closed.
async fn hold_row(client: Client, migration: String) {
    let hold = "SELECT FROM rerp_split.owner WHERE migration = $1 AND NOT is_owner FOR UPDATE";
    loop {
        client.batch_execute("BEGIN").await.unwrap();
        if client.execute(hold, &[&migration]).await.unwrap() == 1 {
            return std::future::pending().await;
        }
        client.batch_execute("ROLLBACK").await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
