-- Whose turn it is to publish what lies in outbox: one pod at a time, so that publishing an event costs one change of its row, its end. The text is the
-- kit's; see rerp_kit::events.
CREATE TABLE outbox_relay (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- The relay that publishes, which is the identifier of nothing else.
    holder  uuid NOT NULL,
    -- Until then. Whoever is lost leaves it to the next.
    until   timestamptz NOT NULL
);

-- What was published is gone from the table; the stream of the broker has it.
DELETE FROM outbox WHERE published_at IS NOT NULL;
DROP INDEX outbox_due, outbox_waiting, outbox_dead, outbox_published;
ALTER TABLE outbox DROP COLUMN published_at;
CREATE INDEX outbox_due ON outbox (due_at) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (subject) WHERE dead_at IS NOT NULL;
-- As many rows go as come, so a share of the table says nothing about when it wants cleaning.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000);
