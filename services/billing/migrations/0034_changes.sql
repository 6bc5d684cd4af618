-- Another price that a subscription is to have, which may charge somebody: written down before Stripe hears of it, and gone when it is known what came of it. Who is
-- lost in between leaves it to whoever asks Stripe again.
-- The key under which Stripe is asked, however often.
ALTER TABLE stripe_subscriptions ADD COLUMN change_key uuid;
ALTER TABLE stripe_subscriptions ADD COLUMN change_asked_at timestamptz;
ALTER TABLE stripe_subscriptions ADD COLUMN change_price_id uuid REFERENCES plan_prices (id);
-- What the person has agreed to pay at once. Minor units.
ALTER TABLE stripe_subscriptions ADD COLUMN change_due_at_most bigint CHECK (change_due_at_most >= 0);
-- What Stripe is told, all of it, for under one key it takes one form: which item, from when on parts of periods are counted, and which trial goes on. No item: Stripe
-- has not been told anything.
ALTER TABLE stripe_subscriptions ADD COLUMN change_item text;
ALTER TABLE stripe_subscriptions ADD COLUMN change_prorated_at bigint;
ALTER TABLE stripe_subscriptions ADD COLUMN change_trial_end bigint;
ALTER TABLE stripe_subscriptions ADD CONSTRAINT stripe_subscriptions_change_whole CHECK (
    num_nulls(change_key, change_asked_at, change_price_id, change_due_at_most) IN (0, 4)
    AND (change_key IS NOT NULL OR num_nulls(change_item, change_prorated_at, change_trial_end) = 3)
    AND (change_item IS NOT NULL OR num_nulls(change_prorated_at, change_trial_end) = 2));
-- One at a time of whoever pays: what one of their subscriptions leaves over is spent once.
CREATE UNIQUE INDEX stripe_subscriptions_changing ON stripe_subscriptions (human_name_id) WHERE change_key IS NOT NULL;
