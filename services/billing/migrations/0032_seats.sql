-- How many people may have a role in an account that has this plan; none: as many as they like. Account asks for it when somebody is to have one.
ALTER TABLE plans ADD COLUMN seats integer CHECK (seats BETWEEN 1 AND 100000);
