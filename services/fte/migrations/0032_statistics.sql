-- How a question does is counted over the sessions that asked it in one version.
CREATE INDEX session_questions_question ON session_questions (question_id, version);
