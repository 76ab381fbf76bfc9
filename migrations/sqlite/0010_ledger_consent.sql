-- By whose consent each company file lets us in, and what came of it: written, and never changed.
CREATE TABLE postonce_ledger_consent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_file TEXT NOT NULL CHECK (
        length(company_file) BETWEEN 1 AND 40 AND company_file NOT GLOB '*[^A-Za-z0-9_.-]*'),
    event TEXT NOT NULL CHECK (event IN ('connected', 'reached', 'refused', 'revoked')),
    actor TEXT NOT NULL,
    text TEXT NOT NULL,
    business_id TEXT,
    business_name TEXT,
    scopes TEXT,
    base_url TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX postonce_ledger_consent_newest ON postonce_ledger_consent (company_file, event, id);

CREATE TRIGGER postonce_ledger_consent_update BEFORE UPDATE ON postonce_ledger_consent
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER postonce_ledger_consent_delete BEFORE DELETE ON postonce_ledger_consent
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- A line that replaces another one is an insert to the triggers above.
CREATE TRIGGER postonce_ledger_consent_replace BEFORE INSERT ON postonce_ledger_consent
WHEN EXISTS (SELECT 1 FROM postonce_ledger_consent WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
