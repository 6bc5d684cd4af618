-- The one registry of people: every other service keeps identifiers only.
-- No schema is named: the role's search_path says where the tables live, in a shared database or in one of their own.

CREATE TABLE email_addresses (
    id                    uuid PRIMARY KEY,
    -- The canonical form, made by the service; see domain/email.rs. The rule lives in one place, so the database only
    -- refuses what can't be an address at all.
    email                 text NOT NULL UNIQUE,
    verified              boolean NOT NULL DEFAULT false,
    -- A digest: whoever reads this table must not be able to verify an address.
    verification_token    text,
    verification_sent_at  timestamptz,
    verified_at           timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT email_addresses_email_shape CHECK (octet_length(email) BETWEEN 3 AND 254 AND strpos(email, '@') > 1)
);

CREATE TABLE human_names (
    id                uuid PRIMARY KEY,
    email_address_id  uuid NOT NULL UNIQUE REFERENCES email_addresses (id),
    first_name        text,
    surname           text,
    username          text UNIQUE,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE mobile_numbers (
    id                    uuid PRIMARY KEY,
    human_name_id         uuid NOT NULL UNIQUE REFERENCES human_names (id),
    phone_number          text NOT NULL,
    country_code          text,
    is_verified           boolean NOT NULL DEFAULT false,
    -- A digest, as above.
    verification_code     text,
    verification_sent_at  timestamptz,
    verified_at           timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE verification_tracking (
    id                 uuid PRIMARY KEY,
    human_name_id      uuid NOT NULL UNIQUE REFERENCES human_names (id),
    email_verified     boolean NOT NULL DEFAULT false,
    email_verified_at  timestamptz,
    phone_verified     boolean NOT NULL DEFAULT false,
    phone_verified_at  timestamptz,
    -- Generated, so that it can't contradict the two it follows from.
    both_verified      boolean GENERATED ALWAYS AS (email_verified AND phone_verified) STORED,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE platform_users (
    id          uuid PRIMARY KEY,
    -- Staff are not customers: their addresses are unique among themselves.
    email       text NOT NULL UNIQUE,
    phone       text UNIQUE,
    first_name  text NOT NULL,
    surname     text NOT NULL,
    username    text UNIQUE,
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TYPE role_type AS ENUM ('owner', 'admin', 'member', 'viewer');

CREATE TABLE admins (
    id                uuid PRIMARY KEY,
    platform_user_id  uuid NOT NULL UNIQUE REFERENCES platform_users (id),
    -- Optional link to a customer's account, which another service owns: no foreign key.
    account_id        uuid,
    role              role_type NOT NULL DEFAULT 'admin',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
