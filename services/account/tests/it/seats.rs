//! Seats: no more people have a role in an account than its plan says, whoever lets them in, and at the same moment too.

use std::sync::{Arc, Mutex};

use axum::Router;
use rerp_account::domain::invite::Token;
use rerp_kit::grpc::mount;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DATABASE_UNAVAILABLE, DEPENDENCY_UNAVAILABLE, KEY_REUSED, NO_SEAT_LEFT};
use rerp_proto::billing::v1::entitlements_server::{Entitlements, EntitlementsServer};
use rerp_proto::billing::v1::{CheckAnswer, CheckRequest};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _, raw_sql};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::platform::{ANN, BOB, CAT, Platform};
use crate::support::answer::Answer;
use crate::support::service::serve;
use crate::support::until;

/// What Billing says.
#[derive(Debug, Clone, Copy)]
enum Say {
    /// Nothing: it is away.
    Away,
    /// So many seats; none for no bound.
    Seats(Option<u32>),
}

/// Billing as Account sees it.
#[derive(Debug, Clone)]
struct Plan(Arc<Mutex<Say>>);

#[tonic::async_trait]
impl Entitlements for Plan {
    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckAnswer>, Status> {
        match *self.0.lock().unwrap() {
            Say::Away => Err(Problem::new(DATABASE_UNAVAILABLE).into()),
            Say::Seats(seats) => Ok(Response::new(CheckAnswer { entitled: true, seats, ..CheckAnswer::default() })),
        }
    }
}

struct World {
    platform: Platform,
    plan: Plan,
    account: String,
}

impl World {
    /// An account of Ann's whose plan has so many seats.
    async fn start(seats: u32) -> Self {
        let mut platform = Platform::start().await;
        let plan = Plan(Arc::new(Mutex::new(Say::Seats(Some(seats)))));
        platform.with_plans(serve(mount(Router::new(), EntitlementsServer::new(plan.clone()))).await).await;
        let account = platform.open(ANN, "business").await;
        Self { platform, plan, account }
    }

    fn says(&self, say: Say) {
        *self.plan.0.lock().unwrap() = say;
    }

    async fn grant(&self, person: &str, role: &str) -> Answer {
        let body = json!({ "human_name_id": person, "role": role });
        self.platform.post(&format!("/{}/roles", self.account), &body).await
    }

    async fn invite(&self, person: &str) -> Answer {
        let body = json!({ "human_name_id": person, "role": "viewer" });
        self.platform.post(&format!("/{}/invites", self.account), &body).await
    }

    /// An invitation whose token is known here; `digit` makes it another one.
    async fn invited(&self, digit: &str) -> String {
        let token = digit.repeat(64);
        let digest = hex::encode(Token::shown(&token).unwrap().digest());
        let insert =
            "INSERT INTO svc.invites (id, account_id, email_address_id, role, token_digest, expires_at) VALUES";
        let row = format!(
            "{insert} ('{}', '{}', '{}', 'viewer', '\\x{digest}', now() + interval '1 day')",
            Uuid::now_v7(),
            self.account,
            Uuid::now_v7()
        );
        self.platform.account.define(&row).await;
        token
    }

    async fn accept(&self, token: &str, person: &str) -> Answer {
        self.platform.post("/invites/accept", &json!({ "token": token, "human_name_id": person })).await
    }

    async fn people(&self) -> i64 {
        let people = "SELECT count(DISTINCT human_name_id) FROM svc.account_roles WHERE account_id";
        self.platform.account.number(&format!("{people} = '{}'", self.account)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_bounds_people_and_not_their_roles() {
    let world = World::start(2).await;
    assert_eq!(world.grant(BOB, "viewer").await.status, 201);
    let full = world.grant(CAT, "viewer").await;
    assert!(full.is(NO_SEAT_LEFT), "{}", full.body);
    assert_eq!(world.grant(BOB, "admin").await.status, 201, "who has a seat may have more roles");
    assert!(world.invite(CAT).await.is(NO_SEAT_LEFT));
    assert_eq!((world.people().await, world.platform.rows("invites").await), (2, 0));
    // A larger plan.
    world.says(Say::Seats(Some(3)));
    assert_eq!(world.invite(CAT).await.status, 201);
    world.says(Say::Seats(None));
    assert_eq!(world.grant(CAT, "viewer").await.status, 201, "as many as they like");
    // A smaller one takes nobody's seat.
    world.says(Say::Seats(Some(1)));
    assert_eq!(world.grant(CAT, "member").await.status, 201);
    assert_eq!(world.people().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_invitations_are_promised_seats_and_the_last_one_is_given_once() {
    let world = World::start(2).await;
    let (first, second) = (world.invited("a").await, world.invited("b").await);
    assert!(world.invite(CAT).await.is(NO_SEAT_LEFT), "both may be accepted");
    let (bob, cat) = tokio::join!(world.accept(&first, BOB), world.accept(&second, CAT));
    let mut statuses = [bob.status, cat.status];
    statuses.sort_unstable();
    assert_eq!((statuses, world.people().await), ([200, 409], 2));
    let (again, who) = if bob.status == 200 { (&first, BOB) } else { (&second, CAT) };
    assert_eq!(world.accept(again, who).await.status, 200, "the answer may have been lost");
    // Who was too late comes in with a larger plan.
    let (token, who) = if bob.status == 200 { (&second, CAT) } else { (&first, BOB) };
    world.says(Say::Seats(Some(3)));
    assert_eq!(world.accept(token, who).await.status, 200);
}

/// Whoever repeats a request takes no seat: its first answer may have been lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_said_again_while_billing_can_not_be_asked() {
    let world = World::start(3).await;
    for (path, person, other) in [("roles", BOB, CAT), ("invites", CAT, BOB)] {
        let path = format!("/{}/{path}", world.account);
        let wish = |person: &str, role: &str| json!({ "human_name_id": person, "role": role });
        world.says(Say::Seats(Some(3)));
        let first = world.platform.post_as("k", &path, &wish(person, "viewer")).await;
        assert_eq!((first.status, first.replayed()), (201, false), "{path}: {}", first.body);
        world.says(Say::Away);
        let again = world.platform.post_as("k", &path, &wish(person, "viewer")).await;
        assert_eq!((again.status, again.replayed(), &again.body), (201, true, &first.body), "{path}");
        assert!(world.platform.post_as("k", &path, &wish(person, "admin")).await.is(KEY_REUSED), "{path}");
        assert!(world.platform.post_as("l", &path, &wish(other, "member")).await.is(DEPENDENCY_UNAVAILABLE), "{path}");
    }
    assert_eq!(world.grant(BOB, "viewer").await.status, 200, "the role is there, without a key too");
    assert_eq!((world.people().await, world.platform.rows("invites").await), (2, 1));
}

/// What made a request a repetition may be gone when it is looked at again, under the account's lock: then it takes a seat of the plan's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_taken_away_meanwhile_takes_a_seat_of_the_plan() {
    let world = World::start(2).await;
    assert_eq!(world.grant(BOB, "viewer").await.status, 201);
    let account = &world.platform.account;
    let mut holder = account.server.admin("data").await;
    let taking = format!(
        "BEGIN; SELECT FROM svc.accounts WHERE id = '{0}' FOR UPDATE; \
         DELETE FROM svc.account_roles WHERE account_id = '{0}' AND human_name_id = '{BOB}'",
        world.account
    );
    holder.execute(raw_sql(AssertSqlSafe(taking))).await.unwrap();
    let release = async {
        let blocked =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rerp/%' AND wait_event_type = 'Lock'";
        until("the grant waits for the account", || async { account.number(blocked).await == 1 }).await;
        holder.execute(raw_sql("COMMIT")).await.unwrap();
    };
    let (given, ()) = tokio::join!(world.grant(BOB, "viewer"), release);
    assert_eq!((given.status, world.people().await), (201, 2), "{}", given.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_in_while_billing_can_not_be_asked() {
    let world = World::start(2).await;
    world.says(Say::Away);
    assert!(world.grant(BOB, "viewer").await.is(DEPENDENCY_UNAVAILABLE));
    let token = world.invited("c").await;
    assert!(world.accept(&token, BOB).await.is(DEPENDENCY_UNAVAILABLE));
    assert_eq!(world.people().await, 1);
    world.says(Say::Seats(Some(2)));
    assert_eq!(world.accept(&token, BOB).await.status, 200);
    world.says(Say::Away);
    assert_eq!(world.accept(&token, BOB).await.status, 200, "who repeats it takes no seat");
}
