-- What was read of the ledgers' books, to be compared: of each company file the last scan that was
-- finished, and one that is not.
CREATE TABLE postonce_ledger_scan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_file TEXT NOT NULL CHECK (
        length(company_file) BETWEEN 1 AND 40 AND company_file NOT GLOB '*[^A-Za-z0-9_.-]*'),
    unfinished INTEGER CHECK (unfinished = 1),
    from_date TEXT,
    before_date TEXT,
    at_date TEXT,
    day_read INTEGER,
    day_count INTEGER,
    day_tries INTEGER NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0,
    unsure TEXT NOT NULL DEFAULT '',
    began_at INTEGER NOT NULL,
    finished_at INTEGER,
    CHECK ((unfinished IS NULL) = (finished_at IS NOT NULL)),
    UNIQUE (company_file, unfinished)
) STRICT;

CREATE TABLE postonce_ledger_scan_document (
    scan_id INTEGER NOT NULL,
    uid TEXT NOT NULL,
    number TEXT NOT NULL,
    number_key TEXT NOT NULL,
    reference TEXT NOT NULL,
    reference_key TEXT NOT NULL,
    customer TEXT NOT NULL,
    customer_key TEXT NOT NULL,
    invoice_date TEXT NOT NULL,
    amount_minor INTEGER,
    total_minor INTEGER,
    is_foreign INTEGER NOT NULL CHECK (is_foreign IN (0, 1)),
    layout TEXT NOT NULL,
    claim_id TEXT,
    PRIMARY KEY (scan_id, uid)
) STRICT, WITHOUT ROWID;

CREATE INDEX postonce_ledger_scan_number
    ON postonce_ledger_scan_document (scan_id, number_key);
CREATE INDEX postonce_ledger_scan_reference
    ON postonce_ledger_scan_document (scan_id, reference_key);
CREATE INDEX postonce_ledger_scan_sale
    ON postonce_ledger_scan_document (scan_id, customer_key, invoice_date, amount_minor);
CREATE INDEX postonce_ledger_scan_date
    ON postonce_ledger_scan_document (scan_id, invoice_date);
CREATE INDEX postonce_ledger_scan_claim
    ON postonce_ledger_scan_document (scan_id, claim_id) WHERE claim_id IS NOT NULL;
