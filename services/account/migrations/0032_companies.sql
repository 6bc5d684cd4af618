-- Where a company in the registry comes from, and which ones turned out to be another one. Merging is a name for a name: nothing that refers to the merged one is rewritten, in no
-- service, and it can be taken back.

ALTER TABLE companies ADD COLUMN provenance text NOT NULL DEFAULT 'unknown'
    CHECK (provenance IN ('service', 'person', 'staff', 'unknown'));
-- The company that it is. One step, never two: whatever was merged into a company that is merged itself goes along.
ALTER TABLE companies ADD COLUMN merged_into uuid REFERENCES companies (id);
ALTER TABLE companies ADD COLUMN merged_at timestamptz;
-- Identity's: who of the staff said so.
ALTER TABLE companies ADD COLUMN merged_by uuid;
ALTER TABLE companies ADD CONSTRAINT companies_merged CHECK (merged_into <> id AND (merged_into IS NULL) = (merged_at IS NULL));
CREATE INDEX companies_merged_into ON companies (merged_into) WHERE merged_into IS NOT NULL;
