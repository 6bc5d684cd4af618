-- The upsert in one statement with the event that a new address is told by, as the service writes both.
\set n random(1, :most)
WITH change AS (
    INSERT INTO email_addresses (id, email) VALUES (gen_random_uuid(), :kind::text || :n::text || '@bench.example')
    ON CONFLICT (email) DO NOTHING RETURNING id
), told AS (
    INSERT INTO outbox (subject, id, type, data, sequence)
    SELECT id, gen_random_uuid(), 'identity.email.created.v1', jsonb_build_object('email_address_id', id), 1 FROM change
    RETURNING subject
)
SELECT subject FROM told
UNION ALL SELECT id FROM email_addresses WHERE email = :kind::text || :n::text || '@bench.example' LIMIT 1;
