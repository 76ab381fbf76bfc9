-- What the platform's codes are in the ledger. A row that was taken out stays, without a UID, so
-- that its version goes on.
CREATE TABLE postonce_ledger_mapping (
    company_file TEXT NOT NULL CHECK (
        length(company_file) BETWEEN 1 AND 40 AND company_file NOT GLOB '*[^A-Za-z0-9_.-]*'),
    kind TEXT NOT NULL CHECK (kind IN (
        'customer', 'account', 'item', 'tax_code', 'job', 'freight_tax_code')),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64 AND instr(code, char(0)) = 0),
    ledger_uid TEXT CHECK (
        length(ledger_uid) BETWEEN 1 AND 64 AND ledger_uid NOT GLOB '*[^A-Za-z0-9_.-]*'),
    ledger_code TEXT NOT NULL,
    ledger_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('confirmed', 'review')),
    reason TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (company_file, kind, code)
) STRICT, WITHOUT ROWID;

CREATE INDEX postonce_ledger_mapping_target ON postonce_ledger_mapping (company_file, ledger_uid);
