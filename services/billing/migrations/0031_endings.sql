-- What a subscription is to come to: ends with the period that is paid for, ends now, or goes on after all. Written down before Stripe hears of it, and gone
-- when Stripe has answered; who is lost in between leaves it to whoever asks Stripe again.
ALTER TABLE stripe_subscriptions ADD COLUMN end_wish text CHECK (end_wish IN ('stays', 'at_period_end', 'now'));
-- Part of the key under which Stripe is asked, so no two wishes of a subscription share it.
ALTER TABLE stripe_subscriptions ADD COLUMN end_asked_at timestamptz;
ALTER TABLE stripe_subscriptions ADD CONSTRAINT stripe_subscriptions_end_wish_whole CHECK ((end_wish IS NULL) = (end_asked_at IS NULL));
CREATE INDEX stripe_subscriptions_end_asked ON stripe_subscriptions (end_asked_at) WHERE end_wish IS NOT NULL;
