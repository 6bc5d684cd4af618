-- The upsert that most people write, which makes a write of every call.
\set n random(1, :most)
INSERT INTO email_addresses (id, email) VALUES (gen_random_uuid(), :kind::text || :n::text || '@bench.example')
ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING id;
