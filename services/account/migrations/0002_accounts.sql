-- What the routes of accounts, roles and addresses need beyond the tables of 0001.

-- Counts changes: what readers and writers name as ETag.
ALTER TABLE accounts ADD COLUMN version integer NOT NULL DEFAULT 1;
-- The company that a business account is for. A person's own account is for nobody else.
ALTER TABLE accounts ADD COLUMN company_id uuid REFERENCES companies (id);
ALTER TABLE accounts ADD CONSTRAINT accounts_company_of_business CHECK (company_id IS NULL OR kind = 'business');
CREATE INDEX accounts_company_id ON accounts (company_id);

-- For pages of an account's roles, and for counting its owners.
CREATE INDEX account_roles_page ON account_roles (account_id, id);

-- The kinds of addresses that the routes know.
ALTER TYPE address_type RENAME VALUE 'home' TO 'residential';
ALTER TYPE address_type RENAME VALUE 'postal' TO 'shipping';

-- An address belongs to an account and, in it, to a person or the account's company. Without the account anybody who opens an account
-- for a company would see, and demote, what others wrote down for it. None: the registry's own knowledge of a company.
ALTER TABLE addresses ADD COLUMN account_id uuid REFERENCES accounts (id);
UPDATE addresses AS a SET account_id = c.id FROM accounts AS c WHERE c.human_name_id = a.person_id AND c.kind = 'personal';

-- History: a row is a version of an address, `id` is the address. A change closes a version and adds the next one; what a version says
-- is never changed.
ALTER TABLE addresses ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE addresses ADD COLUMN valid_from timestamptz NOT NULL DEFAULT now();
ALTER TABLE addresses ADD COLUMN valid_to timestamptz;
UPDATE addresses SET valid_from = updated_at;
ALTER TABLE addresses DROP CONSTRAINT addresses_pkey;
ALTER TABLE addresses ADD CONSTRAINT addresses_pkey PRIMARY KEY (id, version);
ALTER TABLE addresses ADD CONSTRAINT addresses_validity CHECK (valid_to >= valid_from);
-- Shape only: which codes there are changes, and the service knows.
ALTER TABLE addresses ADD CONSTRAINT addresses_country_shape CHECK (country ~ '^[A-Z]{2}$');
CREATE UNIQUE INDEX addresses_current ON addresses (id) WHERE valid_to IS NULL;
CREATE INDEX addresses_page ON addresses (account_id, id) WHERE valid_to IS NULL;

-- One primary address of each owner in each account.
DROP INDEX addresses_primary_of_person;
DROP INDEX addresses_primary_of_company;
CREATE UNIQUE INDEX addresses_primary_of_person ON addresses (account_id, person_id) NULLS NOT DISTINCT
    WHERE is_primary AND valid_to IS NULL AND person_id IS NOT NULL;
CREATE UNIQUE INDEX addresses_primary_of_company ON addresses (account_id, company_id) NULLS NOT DISTINCT
    WHERE is_primary AND valid_to IS NULL AND company_id IS NOT NULL;
