-- Account's identifiers of companies become more than an empty column.

CREATE INDEX email_captures_company_id ON email_captures (company_id);
CREATE INDEX contact_messages_company_id ON contact_messages (company_id);

-- Companies that visitors named while Account could not say which they are. A row lives until Account answers, seven days
-- at most: this is the only place where marketing holds a company's name.
CREATE TABLE pending_companies (
    -- The row that waits for its company, and its table.
    lead        text NOT NULL CHECK (lead IN ('capture', 'message')),
    lead_id     uuid NOT NULL,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- When Account was last asked in vain.
    tried_at    timestamptz,
    PRIMARY KEY (lead, lead_id)
);
CREATE INDEX pending_companies_turn ON pending_companies (coalesce(tried_at, created_at));
