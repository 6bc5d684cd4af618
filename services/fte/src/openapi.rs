//! The service's routes as they are described to programs and people. Data only; who may call them is the table's to say, what they take and
//! give the types'. The routes of badges are among them, also where there are no keys to sign with.

mod certificates;

use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_kit::openapi::{Api, Operation};
use rerp_kit::problem::catalogue::{
    ALREADY_EXISTS, DEPENDENCY_UNAVAILABLE, ENDED, ID_TAKEN, INVALID_VALUE, NOT_ENTITLED, NOT_PERMITTED, NOT_VERIFIED,
    SEQUENCE_GAP, TOO_MANY_REQUESTS,
};
use rerp_kit::rights::Export;
use serde_json::json;

use crate::access::RULES;
use crate::http::module::CODE;
use crate::http::{extra_time, module, progress, question, saved, scenario, session};
use crate::store::extra_time::ExtraTime;
use crate::store::module::Module;
use crate::store::question::Newest;
use crate::store::saved::Receipt;
use crate::store::scenario_action::Outcome;
use crate::store::session::TestSession;
use crate::store::statistics::Statistics;

/// A person in examples.
const PERSON: &str = "0191f7a1-3f0c-7000-8000-000000000001";
/// An account.
const ACCOUNT: &str = "0191f7a1-3f0c-7000-8000-0000000000a1";
/// Something else.
const OTHER: &str = "0191f7a1-3f0c-7000-8000-0000000000d1";
/// What an ETag is here.
const VERSION: &str = "The version, for If-Match";

/// The interface.
#[must_use]
pub fn api() -> Api {
    let about = "Tests of the financial trading education: modules and questions, sessions, progress, scenarios and certificates.";
    let operations = [
        modules(),
        questions(),
        sessions(),
        scenarios(),
        certificates::certificates(),
        certificates::badges(),
        extra_times(),
        rights(),
        dead_letters(),
    ]
    .concat();
    Api { service: "fte", about, rules: RULES, operations }
}

fn dead_letters() -> Vec<Operation> {
    rerp_kit::events::dead_letters::described("/api/fte/dead-letters", "/api/fte/dead-letters/{id}/replay")
}

fn of_module(operation: Operation) -> Operation {
    operation.segment("code", "The module's code", json!({ "type": "string", "pattern": CODE, "examples": ["risk"] }))
}

fn modules() -> Vec<Operation> {
    let list = Operation::new(Get, "/api/fte/modules", "list_modules", "All modules, retired ones among them");
    let add = Operation::new(Post, "/api/fte/modules", "add_module", "Adds a module to a course");
    let get = Operation::new(Get, "/api/fte/modules/{code}", "get_module", "A module");
    let change = Operation::new(
        Put,
        "/api/fte/modules/{code}",
        "change_module",
        "Changes a module, for whoever has read what it is now",
    );
    let terms = json!({ "title": "Risk", "pass_bp": 7000, "time_limit_s": 600 });
    let mut new = terms.clone();
    (new["code"], new["course"], new["test_type"]) = (json!("chance"), json!("fte"), json!("module_quiz"));
    vec![
        list.pages::<Module>("A page of modules"),
        add.keyed()
            .body::<module::NewBody>("The module", new)
            .answers::<Module>(201, "The module")
            .with("ETag", VERSION, false)
            .with("Location", "Where it is", false)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS]),
        of_module(get).revalidated().answers::<Module>(200, "The module").with("ETag", VERSION, true),
        of_module(change)
            .changes()
            .body::<module::ChangedBody>("All of it but what it is for ever", terms)
            .answers::<Module>(200, "The module")
            .with("ETag", VERSION, true)
            .problems(&[INVALID_VALUE, ALREADY_EXISTS]),
    ]
}

fn questions() -> Vec<Operation> {
    let path = "/api/fte/modules/{code}/questions";
    let list = Operation::new(Get, path, "list_questions", "A module's questions in their newest versions");
    let add = Operation::new(
        Post,
        path,
        "add_question",
        "Adds a question to a module; what is right goes in and doesn't come out",
    );
    let change = Operation::new(
        Put,
        "/api/fte/questions/{id}",
        "change_question",
        "Adds a version to a question; sessions that run keep the one they began with",
    );
    let statistics = Operation::new(
        Get,
        "/api/fte/modules/{code}/statistics",
        "count_answers",
        "How a module's questions do, in numbers",
    );
    let choices = json!([{ "id": "a", "text": "Up" }, { "id": "b", "text": "Down" }]);
    let question = json!({
        "kind": "single_choice", "prompt": "Where?", "choices": choices, "points": 1, "correct": { "choices": ["b"] }
    });
    vec![
        of_module(list).pages::<Newest>("A page of questions; the `version` of one, in quotes, is its ETag"),
        of_module(statistics).pages::<Statistics>("A page of questions, each in its newest version"),
        of_module(add)
            .keyed()
            .body::<question::Body>("The question", question.clone())
            .answers::<Newest>(201, "The question")
            .with("ETag", VERSION, false)
            .with("Location", "Where it is changed", false)
            .problems(&[INVALID_VALUE]),
        change
            .identifier("id", "The question", OTHER)
            .changes()
            .body::<question::Body>("All of it", question)
            .answers::<Newest>(200, "The question")
            .with("ETag", VERSION, true)
            .problems(&[INVALID_VALUE]),
    ]
}

/// Who begins something needs to be known, verified, allowed and entitled.
fn admitted(operation: Operation) -> Operation {
    operation.problems(&[INVALID_VALUE, NOT_VERIFIED, NOT_PERMITTED, NOT_ENTITLED, DEPENDENCY_UNAVAILABLE])
}

fn sessions() -> Vec<Operation> {
    let one = |operation: Operation| operation.identifier("session_id", "The session", OTHER);
    let start =
        Operation::new(Post, "/api/fte/sessions", "start_session", "Starts a test session for oneself, if one may");
    let get = Operation::new(
        Get,
        "/api/fte/sessions/{session_id}",
        "get_session",
        "A session with what it asks and what was answered",
    );
    let save = Operation::new(
        Post,
        "/api/fte/sessions/{session_id}/answers",
        "save_answer",
        "Saves an answer, as often as its person likes while the session runs",
    );
    let complete = Operation::new(
        Post,
        "/api/fte/sessions/{session_id}/complete",
        "complete_session",
        "Ends a session: the same answer however often",
    );
    let progress = Operation::new(
        Get,
        "/api/fte/progress/{human_name_id}",
        "get_progress",
        "How far a person has come in each course",
    );
    let wish = json!({ "human_name_id": PERSON, "account_id": ACCOUNT, "module": "risk" });
    let answer = json!({ "question_id": OTHER, "expected_revision": 0, "answer": { "choices": ["b"] } });
    vec![
        admitted(start.keyed().body::<session::Body>("Who, for which account, and what", wish))
            .answers::<TestSession>(201, "It runs")
            .with("Location", "Where it is", false)
            .problems(&[ALREADY_EXISTS, TOO_MANY_REQUESTS]),
        one(get).answers::<TestSession>(200, "The session"),
        one(save).body::<saved::Body>("The answer", answer).answers::<Receipt>(200, "It is saved").problems(&[
            INVALID_VALUE,
            ENDED,
            SEQUENCE_GAP,
        ]),
        one(complete).answers::<TestSession>(200, "The session with its points").problems(&[
            INVALID_VALUE,
            ENDED,
            ID_TAKEN,
            DEPENDENCY_UNAVAILABLE,
        ]),
        progress
            .identifier("human_name_id", "The person", PERSON)
            .answers::<progress::View>(200, "By course; empty for whoever never started"),
    ]
}

fn scenarios() -> Vec<Operation> {
    let one = |operation: Operation| operation.identifier("scenario_id", "The scenario", OTHER);
    let begin = Operation::new(
        Post,
        "/api/fte/scenarios",
        "begin_scenario",
        "Begins a scenario in a session, or an exercise for a module",
    );
    let get = Operation::new(
        Get,
        "/api/fte/scenarios/{scenario_id}",
        "get_scenario",
        "A scenario as far as its person has come",
    );
    let act = Operation::new(Post, "/api/fte/scenarios/{scenario_id}/actions", "act", "Does an action: what it added");
    let exercise = json!({
        "module": "risk", "human_name_id": PERSON, "account_id": ACCOUNT, "scenario_type": "backtest", "bars": 60
    });
    let action = json!({ "expected_seq": 0, "action": { "advance": { "bars": 1 } } });
    vec![
        admitted(begin.keyed().body::<scenario::Body>("A session, or a module with a person and an account", exercise))
            .answers::<scenario::View>(201, "The scenario")
            .with("Location", "Where it is", true)
            .problems(&[ENDED, TOO_MANY_REQUESTS]),
        one(get).answers::<scenario::View>(200, "The scenario"),
        one(act)
            .body::<scenario::Act>("The action, and what its sender believes to be the state", action)
            .answers::<Outcome>(200, "What it added")
            .problems(&[INVALID_VALUE, ENDED, SEQUENCE_GAP, ID_TAKEN, DEPENDENCY_UNAVAILABLE]),
    ]
}

fn extra_times() -> Vec<Operation> {
    let path = "/api/fte/people/{human_name_id}/extra-time";
    let give = Operation::new(Put, path, "give_extra_time", "Gives a person more time for tests, from the next one on");
    let get =
        Operation::new(Get, path, "get_extra_time", "How much more time a person has; 404 for what everybody has");
    let take = Operation::new(Delete, path, "take_extra_time", "Takes it away, from the next test on");
    let of = |operation: Operation| operation.identifier("human_name_id", "The person", PERSON);
    vec![
        of(give)
            .body::<extra_time::Body>("How much", json!({ "percent": 25 }))
            .answers::<ExtraTime>(200, "What the person has")
            .problems(&[INVALID_VALUE, DEPENDENCY_UNAVAILABLE]),
        of(get).answers::<ExtraTime>(200, "What the person has"),
        of(take).empty(204, "The person has the time that everybody has"),
    ]
}

fn rights() -> Vec<Operation> {
    let export = Operation::new(
        Get,
        "/api/fte/people/{human_name_id}/export",
        "export_person",
        "What is held of a person here, to take along",
    );
    vec![
        export
            .identifier("human_name_id", "The person", PERSON)
            .answers::<Export>(200, "Table by table; empty ones of whoever has nothing here"),
    ]
}
