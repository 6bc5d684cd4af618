-- When a person took a payment method back here. Nobody is shown it from then on, and it isn't charged; Stripe hears of it next, and says when it is gone (`detached_at`).
ALTER TABLE stripe_payment_methods ADD COLUMN leave_asked_at timestamptz;
CREATE INDEX stripe_payment_methods_leaving ON stripe_payment_methods (leave_asked_at) WHERE leave_asked_at IS NOT NULL AND detached_at IS NULL;
