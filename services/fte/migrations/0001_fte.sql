-- Tests of the financial trading education: what is asked, who answered what, how far people have come, and their certificates. People live
-- in Identity, accounts in Account, subscriptions in Billing and markets in the trading service; here are their identifiers only: tables of
-- other services, hence no foreign keys to them.
-- No schema is named: the role's search_path says where the tables live, in a shared database or in one of their own.

-- One module of a course, or its final assessment.
CREATE TABLE modules (
    id                uuid PRIMARY KEY,
    code              text NOT NULL CONSTRAINT modules_code UNIQUE CHECK (code ~ '^[a-z][a-z0-9-]{1,62}$'),
    course            text NOT NULL CHECK (course ~ '^[a-z][a-z0-9-]{1,62}$'),
    title             text NOT NULL,
    description       text,
    test_type         text NOT NULL CHECK (test_type IN ('module_quiz', 'interactive_scenario', 'final_assessment')),
    -- The share of all points that passes, in hundredths of a percent.
    pass_bp           integer NOT NULL CHECK (pass_bp BETWEEN 0 AND 10000),
    time_limit_s      integer NOT NULL CHECK (time_limit_s BETWEEN 30 AND 86400),
    -- How long the certificate of the course is valid; none: for ever. The final assessment says it.
    certificate_days  integer CHECK (certificate_days BETWEEN 1 AND 36500),
    -- Nobody can start it any more, and the course goes without it.
    retired           boolean NOT NULL DEFAULT false,
    version           integer NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT modules_certificate_of_final CHECK (certificate_days IS NULL OR test_type = 'final_assessment')
);
CREATE UNIQUE INDEX modules_final ON modules (course) WHERE test_type = 'final_assessment' AND NOT retired;
CREATE INDEX modules_course ON modules (course);

CREATE TABLE questions (
    id          uuid PRIMARY KEY,
    module_id   uuid NOT NULL REFERENCES modules (id),
    -- The newest one: what new sessions ask.
    version     integer NOT NULL DEFAULT 1,
    -- New sessions leave it out.
    retired     boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX questions_module_id ON questions (module_id, id);

-- What a question asks. A version is never changed: sessions refer to it.
CREATE TABLE question_versions (
    question_id  uuid NOT NULL REFERENCES questions (id),
    version      integer NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('single_choice', 'multiple_choice', 'numeric')),
    prompt       text NOT NULL,
    -- [{"id": …, "text": …}]; empty for numbers.
    choices      jsonb NOT NULL,
    -- Decimal places of a numeric answer.
    decimals     smallint NOT NULL CHECK (decimals BETWEEN 0 AND 8),
    points       integer NOT NULL CHECK (points BETWEEN 1 AND 1000),
    weight       integer NOT NULL CHECK (weight BETWEEN 1 AND 100),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (question_id, version)
);

-- What is right. A table of its own, so that no statement that reads questions for people can reach it.
CREATE TABLE answer_keys (
    question_id  uuid NOT NULL,
    version      integer NOT NULL,
    -- {"choices": […]} or {"value": {"exact": …, "tolerance": …}}, integers of the question's last decimal place.
    correct      jsonb NOT NULL,
    PRIMARY KEY (question_id, version),
    FOREIGN KEY (question_id, version) REFERENCES question_versions (question_id, version)
);

CREATE TABLE test_sessions (
    id             uuid PRIMARY KEY,
    -- Identity's.
    human_name_id  uuid NOT NULL,
    -- Account's.
    account_id     uuid NOT NULL,
    module_id      uuid NOT NULL REFERENCES modules (id),
    test_type      text NOT NULL,
    -- `completed` and `failed`: ended by its person, with and without enough points. `expired`: ended by the clock; `passed` tells which.
    status         text NOT NULL DEFAULT 'in_progress' CHECK (status IN ('in_progress', 'completed', 'failed', 'expired')),
    -- As they were at the start.
    pass_bp        integer NOT NULL,
    points_total   bigint NOT NULL CHECK (points_total > 0),
    points_earned  bigint CHECK (points_earned BETWEEN 0 AND points_total),
    passed         boolean,
    started_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL,
    completed_at   timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT test_sessions_graded CHECK ((status = 'in_progress') = (passed IS NULL) AND (passed IS NULL) = (points_earned IS NULL)
        AND (passed IS NULL) = (completed_at IS NULL))
);
-- One running session of a person in a module.
CREATE UNIQUE INDEX test_sessions_running ON test_sessions (human_name_id, module_id) WHERE status = 'in_progress';
CREATE INDEX test_sessions_due ON test_sessions (expires_at) WHERE status = 'in_progress';

-- What a session asks: versions as they were at its start.
CREATE TABLE session_questions (
    test_session_id  uuid NOT NULL REFERENCES test_sessions (id),
    question_id      uuid NOT NULL,
    version          integer NOT NULL,
    position         integer NOT NULL,
    PRIMARY KEY (test_session_id, question_id),
    FOREIGN KEY (question_id, version) REFERENCES question_versions (question_id, version)
);

-- The newest answer to each question of a session.
CREATE TABLE test_answers (
    test_session_id  uuid NOT NULL,
    question_id      uuid NOT NULL,
    -- Counts what was saved, from 1.
    revision         integer NOT NULL,
    -- {"choices": […]} or {"value": …}, an integer of the question's last decimal place.
    answer           jsonb NOT NULL,
    -- Once the session has ended.
    is_correct       boolean,
    points_awarded   bigint,
    answered_at      timestamptz NOT NULL DEFAULT now(),
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (test_session_id, question_id),
    FOREIGN KEY (test_session_id, question_id) REFERENCES session_questions (test_session_id, question_id)
);

CREATE TABLE user_progress (
    id                     uuid PRIMARY KEY,
    -- Identity's.
    human_name_id          uuid NOT NULL,
    -- Account's: where the last session was started.
    account_id             uuid NOT NULL,
    course                 text NOT NULL,
    -- The code of the module started last.
    current_module         text,
    -- Codes of modules that were passed, the final assessment not among them.
    modules_completed      text[] NOT NULL DEFAULT '{}',
    final_passed_at        timestamptz,
    -- The newest certificate's.
    certificate_issued_at  timestamptz,
    last_accessed_at       timestamptz NOT NULL DEFAULT now(),
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_progress_once UNIQUE (human_name_id, course)
);

CREATE TABLE fte_certificates (
    id                  uuid PRIMARY KEY,
    -- Identity's.
    human_name_id       uuid NOT NULL,
    -- Account's.
    account_id          uuid NOT NULL,
    course              text NOT NULL,
    -- The how-manieth of this person in this course: a renewal is the next one, and two at the same moment are the same one.
    validity            integer NOT NULL CHECK (validity > 0),
    certificate_number  text NOT NULL UNIQUE,
    -- The session that earned it.
    test_session_id     uuid NOT NULL CONSTRAINT fte_certificates_session UNIQUE REFERENCES test_sessions (id),
    issued_at           timestamptz NOT NULL DEFAULT now(),
    expires_at          timestamptz,
    revoked_at          timestamptz,
    revoked_reason      text,
    -- In the clear. Its owner hands it out and must be able to read it again, and whoever holds it learns only what stands in this row:
    -- whoever can read the table has nothing to gain from it. A digest would hide nothing, and cost the owner the link.
    verification_token  text NOT NULL UNIQUE CHECK (verification_token ~ '^[0-9a-f]{64}$'),
    created_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fte_certificates_once UNIQUE (human_name_id, course, validity),
    CONSTRAINT fte_certificates_revoked CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);

-- Runs through markets at the trading service. The row is there before the trading service is asked: a crash in between is mended by
-- asking again.
CREATE TABLE interactive_test_scenarios (
    id                   uuid PRIMARY KEY,
    -- Identity's.
    human_name_id        uuid NOT NULL,
    -- Account's.
    account_id           uuid NOT NULL,
    module_id            uuid NOT NULL REFERENCES modules (id),
    -- None: it is an exercise outside of a test.
    test_session_id      uuid REFERENCES test_sessions (id),
    scenario_type        text NOT NULL CHECK (scenario_type IN ('backtest', 'live_simulation', 'pattern_recognition')),
    -- What was wished.
    scenario_config      jsonb NOT NULL,
    -- Names the market. Never answered: who knows it could run ahead.
    seed                 bigint NOT NULL CHECK (seed >= 0),
    -- The trading service's; these are none until it has answered.
    trading_scenario_id  text,
    total_bars           integer,
    -- What the trading service expects next.
    seq                  bigint,
    -- The bars that were visible at the start. Later ones stand with the action that revealed them.
    trading_data         jsonb,
    bars                 integer,
    results              jsonb,
    started_at           timestamptz,
    -- Every bar is visible.
    completed_at         timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT scenarios_started CHECK ((trading_scenario_id IS NULL) = (started_at IS NULL) AND (started_at IS NULL) = (total_bars IS NULL)
        AND (started_at IS NULL) = (seq IS NULL) AND (started_at IS NULL) = (trading_data IS NULL)
        AND (started_at IS NULL) = (bars IS NULL) AND (started_at IS NULL) = (results IS NULL))
);
CREATE INDEX interactive_test_scenarios_person ON interactive_test_scenarios (human_name_id, created_at);
CREATE INDEX interactive_test_scenarios_session ON interactive_test_scenarios (test_session_id);
CREATE INDEX interactive_test_scenarios_asked ON interactive_test_scenarios (created_at) WHERE trading_scenario_id IS NULL;

-- What a person decided, written before the trading service hears of it. Never changed.
CREATE TABLE scenario_actions (
    scenario_id   uuid NOT NULL REFERENCES interactive_test_scenarios (id),
    -- Ours, from 1 without gaps.
    sequence      integer NOT NULL,
    -- What the trading service is told to expect.
    expected_seq  bigint NOT NULL,
    action        jsonb NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scenario_id, sequence)
);

-- What came of it; an action without is under way, and the last one of its scenario. Never changed.
CREATE TABLE scenario_outcomes (
    scenario_id  uuid NOT NULL,
    sequence     integer NOT NULL,
    -- False: the trading service refused it, and nothing happened.
    done         boolean NOT NULL,
    -- What the trading service expects after it.
    seq          bigint NOT NULL,
    -- Rows of its ledger, and bars that became visible: exact, integers and decimal texts.
    rows         jsonb NOT NULL,
    bars         jsonb NOT NULL,
    results      jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scenario_id, sequence),
    FOREIGN KEY (scenario_id, sequence) REFERENCES scenario_actions (scenario_id, sequence)
);

-- Answers given under an Idempotency-Key, written in the transaction of their effect.
CREATE TABLE idempotency_keys (
    scope        text NOT NULL,
    key          text NOT NULL,
    -- A digest of what was asked for.
    fingerprint  bytea NOT NULL,
    answer       jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
