-- The upsert in one statement, insert or else read. Nothing is told of what was made.
\set n random(1, :most)
WITH made AS (
    INSERT INTO email_addresses (id, email) VALUES (gen_random_uuid(), :kind::text || :n::text || '@bench.example')
    ON CONFLICT (email) DO NOTHING RETURNING id
)
SELECT id FROM made
UNION ALL SELECT id FROM email_addresses WHERE email = :kind::text || :n::text || '@bench.example' LIMIT 1;
