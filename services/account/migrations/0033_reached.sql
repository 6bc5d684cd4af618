-- Notes which accounts a person reaches, those in which they have a role, for the policies of the tables. Called as a transaction in the person's name begins.
-- A function, because the server keeps the plans of its statements for as long as a connection is open: sent as text, this one was planned anew in every
-- transaction, with its policies, which took longer than running it.
CREATE FUNCTION note_reached() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('rerp.accounts', coalesce(string_agg(DISTINCT account_id::text, ','), ''), true)
        FROM account_roles WHERE human_name_id = NULLIF(current_setting('rerp.subject', true), '')::uuid;
END $$;
