-- What a known address costs at least, one read by its key.
\set n random(1, :most)
SELECT id FROM email_addresses WHERE email = :kind::text || :n::text || '@bench.example';
