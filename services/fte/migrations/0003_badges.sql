-- Certificates as Open Badges, and a pause between attempts.

-- Where it is published whether a certificate is revoked: a bit of a list. Drawn by chance when the certificate is issued, or first asked for
-- if it was issued before, and never changed: what was signed names it.
CREATE TABLE certificate_status (
    certificate_id  uuid PRIMARY KEY REFERENCES fte_certificates (id),
    status_list     integer NOT NULL CHECK (status_list > 0),
    status_index    integer NOT NULL CHECK (status_index BETWEEN 0 AND 131071),
    CONSTRAINT certificate_status_place UNIQUE (status_list, status_index)
);
CREATE INDEX fte_certificates_revoked ON fte_certificates (id) WHERE revoked_at IS NOT NULL;

-- How long whoever has not passed waits for the next attempt: answers can't be found by trying.
ALTER TABLE modules ADD COLUMN retry_pause_s integer NOT NULL DEFAULT 900 CHECK (retry_pause_s BETWEEN 0 AND 2592000);
-- A person's attempts.
CREATE INDEX test_sessions_person ON test_sessions (human_name_id, module_id);
