-- Codes sent to prove that somebody reads mail at an address or has a telephone. No contact and no code is stored, only
-- digests under a key that the database doesn't have.

-- One row per contact: the last code sent there, and what may still be sent today. Contacts that nobody owns have a row
-- too, so that asking for them costs and answers the same.
CREATE TABLE otp_challenges (
    channel     text NOT NULL CHECK (channel IN ('email', 'phone')),
    contact     bytea NOT NULL,
    -- Of this code; the digest covers it, so that a code is good for one challenge only.
    id          uuid NOT NULL,
    digest      bytea NOT NULL,
    -- Counted before a code is looked at.
    tries       smallint NOT NULL DEFAULT 0,
    sent_at     timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz,
    -- The day that is counted, and how many codes were asked for on it.
    day         date NOT NULL DEFAULT current_date,
    sent_today  smallint NOT NULL DEFAULT 1,
    PRIMARY KEY (channel, contact)
);
CREATE INDEX otp_challenges_sent_at ON otp_challenges (sent_at);

-- How many codes left on a day in all: what an attacker with many contacts can cost is bounded.
CREATE TABLE otp_budgets (
    channel  text NOT NULL,
    day      date NOT NULL,
    sent     integer NOT NULL,
    PRIMARY KEY (channel, day)
);
