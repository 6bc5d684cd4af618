-- Plans, what Stripe knows of our customers, and proof of who pays. People live in Identity and accounts in Account; here are their
-- identifiers only: tables of other services, hence no foreign keys to them. No card number and no address is stored anywhere.
-- No schema is named: the role's search_path says where the tables live, in a shared database or in one of their own.
--
-- Rows about Stripe's objects are written in two ways. Before we ask Stripe to make one, its row is there with our identifier, which is part of
-- the idempotency key: a crash in between is mended by asking again. Whatever Stripe tells us later is a hint; the object is fetched, and
-- a fetch writes only if no fetch that began later has written before it (`fetched`).

CREATE SEQUENCE fetches;

CREATE TABLE plans (
    id          uuid PRIMARY KEY,
    code        text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9-]{1,62}$'),
    name        text NOT NULL,
    -- How long a new customer may try it without paying.
    trial_days  smallint NOT NULL DEFAULT 0 CHECK (trial_days BETWEEN 0 AND 730),
    -- Nobody can choose it any more; who has it keeps it.
    retired_at  timestamptz,
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

-- A price is never changed: a new one is added and the old one retired.
CREATE TABLE plan_prices (
    id               uuid PRIMARY KEY,
    plan_id          uuid NOT NULL REFERENCES plans (id),
    -- None until Stripe has answered; nobody is offered it before.
    stripe_price_id  text UNIQUE,
    -- Minor units of the currency.
    amount           bigint NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    currency         text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    "interval"       text NOT NULL CHECK ("interval" IN ('month', 'year')),
    retired_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX plan_prices_asked ON plan_prices (created_at) WHERE stripe_price_id IS NULL AND retired_at IS NULL;
CREATE UNIQUE INDEX plan_prices_offered ON plan_prices (plan_id, currency, "interval") WHERE retired_at IS NULL;

CREATE TABLE stripe_customers (
    id                  uuid PRIMARY KEY,
    -- Identity's.
    human_name_id       uuid NOT NULL,
    -- None until Stripe has answered.
    stripe_customer_id  text UNIQUE,
    fetched             bigint NOT NULL DEFAULT 0,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stripe_customers_once UNIQUE (human_name_id)
);

CREATE TABLE stripe_payment_methods (
    id                        uuid PRIMARY KEY,
    -- Identity's.
    human_name_id             uuid NOT NULL,
    stripe_payment_method_id  text UNIQUE,
    -- The setup that the person finishes with Stripe, not with us.
    stripe_setup_intent_id    text UNIQUE,
    -- What people recognise a card by, and no more.
    brand                     text,
    last4                     text CHECK (last4 ~ '^[0-9]{4}$'),
    exp_month                 smallint CHECK (exp_month BETWEEN 1 AND 12),
    exp_year                  smallint CHECK (exp_year BETWEEN 2000 AND 2200),
    detached_at               timestamptz,
    fetched                   bigint NOT NULL DEFAULT 0,
    created_at                timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stripe_payment_methods_page ON stripe_payment_methods (human_name_id, id);

CREATE TYPE subscription_status AS ENUM
    ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'canceled', 'paused');

CREATE TABLE stripe_subscriptions (
    id                      uuid PRIMARY KEY,
    -- Account's.
    account_id              uuid NOT NULL,
    -- Identity's: who subscribed, and whose payment method pays.
    human_name_id           uuid NOT NULL,
    plan_id                 uuid NOT NULL REFERENCES plans (id),
    price_id                uuid NOT NULL REFERENCES plan_prices (id),
    -- What was asked for; a repetition has to say the same.
    trial_days              smallint NOT NULL DEFAULT 0,
    stripe_subscription_id  text UNIQUE,
    -- None until Stripe has answered.
    status                  subscription_status,
    -- When it got this status, as far as we know: when a fetch first saw it.
    status_since            timestamptz NOT NULL DEFAULT now(),
    trial_end               timestamptz,
    current_period_end      timestamptz,
    cancel_at_period_end    boolean NOT NULL DEFAULT false,
    fetched                 bigint NOT NULL DEFAULT 0,
    version                 integer NOT NULL DEFAULT 1,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now()
);
-- One that lives, for each account; asked for counts as living.
CREATE UNIQUE INDEX stripe_subscriptions_living ON stripe_subscriptions (account_id)
    WHERE status IS NULL OR status NOT IN ('canceled', 'incomplete_expired');
CREATE INDEX stripe_subscriptions_account_id ON stripe_subscriptions (account_id, id);
CREATE INDEX stripe_subscriptions_asked ON stripe_subscriptions (created_at) WHERE status IS NULL;
-- A person tries for free once.
CREATE UNIQUE INDEX stripe_subscriptions_trial ON stripe_subscriptions (human_name_id) WHERE trial_days > 0;

CREATE TABLE stripe_payment_intents (
    id                        uuid PRIMARY KEY,
    -- Account's, and the subscription's: by the invoice that it pays, which says both; none until that is here.
    account_id                uuid,
    stripe_payment_intent_id  text NOT NULL UNIQUE,
    stripe_subscription_id    text,
    status                    text NOT NULL,
    amount                    bigint NOT NULL,
    amount_received           bigint NOT NULL DEFAULT 0,
    currency                  text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    fetched                   bigint NOT NULL DEFAULT 0,
    created_at                timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stripe_payment_intents_account_id ON stripe_payment_intents (account_id, id);

CREATE TABLE stripe_invoices (
    id                      uuid PRIMARY KEY,
    stripe_invoice_id       text NOT NULL UNIQUE,
    stripe_subscription_id  text,
    stripe_payment_intent_id text,
    status                  text NOT NULL,
    amount_due              bigint NOT NULL,
    amount_paid             bigint NOT NULL,
    currency                text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    fetched                 bigint NOT NULL DEFAULT 0,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stripe_invoices_payment_intent ON stripe_invoices (stripe_payment_intent_id);
CREATE INDEX stripe_invoices_subscription ON stripe_invoices (stripe_subscription_id, id);

-- Who pays is who they say: Stripe Identity's verdict, and none of its documents.
CREATE TABLE kyc_billing_verification (
    id                       uuid PRIMARY KEY,
    -- Account's.
    account_id               uuid NOT NULL,
    -- Identity's.
    human_name_id            uuid NOT NULL,
    stripe_session_id        text UNIQUE,
    verification_status      text NOT NULL DEFAULT 'requested'
        CHECK (verification_status IN ('requested', 'requires_input', 'processing', 'verified', 'canceled')),
    verified_at              timestamptz,
    fetched                  bigint NOT NULL DEFAULT 0,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kyc_billing_verification_account_id ON kyc_billing_verification (account_id, created_at DESC);
-- One under way for each person and account.
CREATE UNIQUE INDEX kyc_billing_verification_open ON kyc_billing_verification (account_id, human_name_id)
    WHERE verification_status IN ('requested', 'requires_input', 'processing');

-- One turn each night compares everything that lives with Stripe, in one pod; whoever begins a day's turn does it.
CREATE TABLE reconciliations (
    day          date PRIMARY KEY,
    started_at   timestamptz NOT NULL DEFAULT now(),
    -- None: the pod was lost on the way, and the next night does it all again.
    finished_at  timestamptz,
    compared     integer,
    -- Rows that said something else than Stripe, and now don't.
    differences  integer,
    -- Subscriptions at Stripe that carry an identifier of ours and have no row: a person has to look.
    unknown      integer
);

-- Events of Stripe's as they came. The answer is given once a row is here; work follows.
CREATE TABLE webhook_inbox (
    -- Stripe's.
    event_id     text PRIMARY KEY,
    type         text NOT NULL,
    -- What to fetch; none for a type that nobody here needs.
    object_kind  text,
    object_id    text,
    created      timestamptz NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    attempts     smallint NOT NULL DEFAULT 0,
    -- Not before.
    due_at       timestamptz NOT NULL DEFAULT now(),
    -- Done, or not for us.
    done_at      timestamptz,
    -- Given up: a person has to look.
    dead_at      timestamptz,
    error        text
);
CREATE INDEX webhook_inbox_due ON webhook_inbox (due_at) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX webhook_inbox_old ON webhook_inbox (received_at);

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
