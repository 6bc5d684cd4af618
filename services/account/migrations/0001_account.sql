-- Accounts, who may do what in them, and the one registry of companies. People live in Identity and plans in Billing;
-- here are their identifiers only: tables of other services, hence no foreign keys to them.
-- No schema is named: the role's search_path says where the tables live, in a shared database or in one of their own.

CREATE TYPE account_kind AS ENUM ('personal', 'business');

CREATE TABLE accounts (
    id             uuid PRIMARY KEY,
    -- Identity's: who opened the account.
    human_name_id  uuid NOT NULL,
    kind           account_kind NOT NULL DEFAULT 'personal',
    -- Billing's.
    plan_id        uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);
-- One person may have several accounts, but one of their own.
CREATE UNIQUE INDEX accounts_personal ON accounts (human_name_id) WHERE kind = 'personal';
CREATE INDEX accounts_human_name_id ON accounts (human_name_id);

CREATE TYPE role_type AS ENUM ('owner', 'admin', 'member', 'viewer');

CREATE TABLE account_roles (
    id             uuid PRIMARY KEY,
    account_id     uuid NOT NULL REFERENCES accounts (id),
    -- Identity's.
    human_name_id  uuid NOT NULL,
    role           role_type NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_roles_once UNIQUE (account_id, human_name_id, role)
);
CREATE INDEX account_roles_human_name_id ON account_roles (human_name_id);

CREATE TABLE companies (
    id          uuid PRIMARY KEY,
    -- As it was first written, tidied.
    name        text NOT NULL,
    -- The canonical form, made by the service; see domain/company.rs. Two spellings of a name have one key, so the names
    -- are unique because the keys are. The rule lives in one place, so the database only refuses what can't be a key at all.
    name_key    text NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT companies_name_shape CHECK (octet_length(name) BETWEEN 1 AND 1024 AND octet_length(name_key) BETWEEN 1 AND 1024)
);

CREATE TYPE address_type AS ENUM ('home', 'registered', 'billing', 'postal');

CREATE TABLE addresses (
    id              uuid PRIMARY KEY,
    type            address_type NOT NULL,
    -- Identity's: a row of human_names.
    person_id       uuid,
    company_id      uuid REFERENCES companies (id),
    street_address  text,
    city            text,
    state_province  text,
    postal_code     text,
    country         text,
    is_primary      boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT addresses_one_owner CHECK ((person_id IS NULL) <> (company_id IS NULL))
);
CREATE INDEX addresses_person_id ON addresses (person_id);
CREATE INDEX addresses_company_id ON addresses (company_id);
-- One primary address each.
CREATE UNIQUE INDEX addresses_primary_of_person ON addresses (person_id) WHERE is_primary;
CREATE UNIQUE INDEX addresses_primary_of_company ON addresses (company_id) WHERE is_primary;

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
