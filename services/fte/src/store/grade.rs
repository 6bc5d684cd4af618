//! The end of a session, inside the transaction that has locked it: points, progress and certificate. The only place that
//! reads answer keys.
//! In comes a session; out goes what others are to be told. Must not be run on a session that has ended.

use rerp_kit::events::catalogue::{CertificateIssued, SessionCompleted};
use rerp_kit::events::publish_first;
use rerp_kit::pool::Session;
use uuid::Uuid;

use super::{progress, unknown};
use crate::domain::answer::Answer;
use crate::domain::module::TestType;
use crate::domain::question::Key;
use crate::domain::scenario::{LEAST_BARS_OF_TEST, LEAST_DECISIONS};
use crate::domain::scoring::{Score, worth};
use crate::domain::session::{Phase, ends_as, is_passed};

#[derive(sqlx::FromRow)]
struct Test {
    human_name_id: Uuid,
    account_id: Uuid,
    module_id: Uuid,
    test_type: String,
    pass_bp: i32,
    scenario_completed: bool,
}

#[derive(sqlx::FromRow)]
struct Question {
    question_id: Uuid,
    points: i32,
    weight: i32,
    #[sqlx(json)]
    correct: Key,
    #[sqlx(json(nullable))]
    answer: Option<Answer>,
}

/// A scenario counts once every bar is visible, if it had enough of them, and something was decided at enough of them: orders and namings with
/// no advance between them are one decision.
const TEST: &str = "SELECT human_name_id, account_id, module_id, test_type, pass_bp, \
     EXISTS (SELECT FROM interactive_test_scenarios AS s WHERE s.test_session_id = $1 AND s.completed_at IS NOT NULL AND s.total_bars >= $2 \
     AND (SELECT count(DISTINCT d.bar) FROM (SELECT a.action, count(*) FILTER (WHERE a.action ? 'advance') OVER (ORDER BY a.sequence) AS bar \
     FROM scenario_actions AS a JOIN scenario_outcomes AS o ON o.scenario_id = a.scenario_id AND o.sequence = a.sequence \
     WHERE a.scenario_id = s.id AND o.done) AS d WHERE d.action ?| ARRAY['order', 'name']) >= $3) AS scenario_completed \
     FROM test_sessions WHERE id = $1";
const QUESTIONS: &str = "SELECT p.question_id, v.points, v.weight, k.correct, a.answer FROM session_questions AS p \
     JOIN question_versions AS v ON v.question_id = p.question_id AND v.version = p.version \
     JOIN answer_keys AS k ON k.question_id = p.question_id AND k.version = p.version \
     LEFT JOIN test_answers AS a ON a.test_session_id = p.test_session_id AND a.question_id = p.question_id \
     WHERE p.test_session_id = $1";
const MARK: &str = "UPDATE test_answers AS a SET is_correct = m.is_correct, points_awarded = m.points \
     FROM unnest($2::uuid[], $3::boolean[], $4::bigint[]) AS m (question_id, is_correct, points) \
     WHERE a.test_session_id = $1 AND a.question_id = m.question_id";
/// What the clock has ended, ended when its time was over, whenever that was noticed.
const END: &str = "UPDATE test_sessions SET status = $2, points_earned = $3, passed = $4, updated_at = now(), \
     completed_at = least(now(), expires_at) WHERE id = $1";

/// What others are to be told of the end of a session, if it has ended. A cutover locks the tables of events last, so this waits until everything else in
/// the transaction is written.
#[must_use = "nobody is told before `tell`"]
#[derive(Default)]
pub(super) struct News {
    completed: Option<SessionCompleted>,
    issued: Option<CertificateIssued>,
}

impl News {
    /// Tells it: the last thing in the transaction.
    pub(super) async fn tell(self, session: &mut Session) -> Result<(), sqlx::Error> {
        if let Some(event) = self.completed {
            publish_first(session, &event).await?;
        }
        if let Some(event) = self.issued {
            publish_first(session, &event).await?;
        }
        Ok(())
    }
}

/// Ends a session that is in this phase.
pub(super) async fn finish(session: &mut Session, id: Uuid, phase: Phase) -> Result<News, sqlx::Error> {
    let test = sqlx::query_as(TEST).bind(id).bind(LEAST_BARS_OF_TEST).bind(LEAST_DECISIONS);
    let test: Test = test.fetch_one(session.conn()).await?;
    let test_type = TestType::parse(&test.test_type).ok_or_else(|| unknown("type of test"))?;
    let score = mark(session, id).await?;
    let passed = is_passed(test_type, score, test.pass_bp, test.scenario_completed);
    let Some(status) = ends_as(phase, passed) else { return Ok(News::default()) };
    let end = sqlx::query(END).bind(id).bind(status.name()).bind(score.earned).bind(passed);
    end.execute(session.conn()).await?;
    let completed = SessionCompleted {
        session_id: id,
        human_name_id: test.human_name_id,
        account_id: test.account_id,
        module_id: test.module_id,
        status: status.name().to_owned(),
        passed,
    };
    let mut news = News { completed: Some(completed), issued: None };
    if passed {
        let by = progress::Pass { session_id: id, human_name_id: test.human_name_id, account_id: test.account_id };
        news.issued = progress::pass(session, &by, test.module_id, test_type).await?;
    }
    Ok(news)
}

/// Writes to each answer what it is worth, and adds up. What was not answered is worth nothing.
async fn mark(session: &mut Session, id: Uuid) -> Result<Score, sqlx::Error> {
    let questions: Vec<Question> = sqlx::query_as(QUESTIONS).bind(id).fetch_all(session.conn()).await?;
    let judged: Vec<(Uuid, i64, bool)> = questions
        .iter()
        .map(|one| {
            let right = one.answer.as_ref().is_some_and(|answer| answer.is_right(&one.correct));
            (one.question_id, worth(one.points, one.weight), right)
        })
        .collect();
    let ids: Vec<Uuid> = judged.iter().map(|one| one.0).collect();
    let right: Vec<bool> = judged.iter().map(|one| one.2).collect();
    let points: Vec<i64> = judged.iter().map(|(_, worth, right)| if *right { *worth } else { 0 }).collect();
    sqlx::query(MARK).bind(id).bind(ids).bind(right).bind(points).execute(session.conn()).await?;
    Ok(Score::of(judged.into_iter().map(|(_, worth, right)| (worth, right))))
}
