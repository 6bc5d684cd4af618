-- What visitors of the website leave behind. Addresses live in Identity; here are their identifiers only.
-- No schema is named: the role's search_path says where the tables live, in a shared database or in one of their own.

CREATE TABLE email_captures (
    id                uuid PRIMARY KEY,
    -- Identity's; another service's table, hence no foreign key.
    email_address_id  uuid NOT NULL,
    source            text NOT NULL,
    name              text,
    -- Account's.
    company_id        uuid,
    -- As it was called when the visitor saw it.
    plan_code         text,
    -- What the captcha's vendor said. Its token is a secret of two minutes and is never stored.
    captcha_verdict   text,
    captcha_score     real,
    captcha_action    text,
    captcha_hostname  text,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX email_captures_email_address_id ON email_captures (email_address_id);

CREATE TABLE contact_messages (
    id                uuid PRIMARY KEY,
    email_address_id  uuid NOT NULL,
    name              text NOT NULL,
    company_id        uuid,
    message           text NOT NULL,
    captcha_verdict   text,
    captcha_score     real,
    captcha_action    text,
    captcha_hostname  text,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contact_messages_email_address_id ON contact_messages (email_address_id);

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
