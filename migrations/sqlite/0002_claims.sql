-- Claims, the audit trail, and what people have ruled out.

-- Every claim with what it sent, in the order in which they were made.
CREATE TABLE postonce_claim (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
    invoice_id INTEGER NOT NULL REFERENCES postonce_invoice (id),
    company_file TEXT NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    number TEXT NOT NULL COLLATE NOCASE,
    reference TEXT NOT NULL,
    customer_code TEXT NOT NULL,
    route TEXT NOT NULL,
    payload TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    claimed_at INTEGER NOT NULL,
    quiet_until INTEGER NOT NULL,
    outcome TEXT CHECK (outcome IN ('posted', 'rejected', 'not_sent', 'in_doubt')),
    ledger_uid TEXT,
    in_doubt INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt IN (0, 1)),
    inquiries INTEGER NOT NULL DEFAULT 0 CHECK (inquiries BETWEEN 0 AND 4294967295),
    next_check INTEGER NOT NULL,
    first_miss_at INTEGER,
    absent_at INTEGER,
    UNIQUE (invoice_id, attempt),
    CHECK ((outcome IS 'posted') = (ledger_uid IS NOT NULL))
) STRICT;

-- The claims that invoices in doubt carry, by the time of their next check.
CREATE INDEX postonce_claim_check ON postonce_claim (company_file, next_check)
    WHERE in_doubt = 1;

-- The newest document that is certainly in the ledger.
CREATE INDEX postonce_claim_posted ON postonce_claim (company_file, seq)
    WHERE outcome = 'posted';

-- What a run has left without an outcome.
CREATE INDEX postonce_claim_open ON postonce_claim (run_id) WHERE outcome IS NULL;

-- The audit trail: written, and never changed.
CREATE TABLE postonce_invoice_note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    invoice_id INTEGER NOT NULL REFERENCES postonce_invoice (id),
    type TEXT NOT NULL DEFAULT 'MYOB_SYNC',
    kind TEXT NOT NULL CHECK (kind IN ('claim', 'outcome', 'inquiry', 'person', 'event')),
    claim_id TEXT,
    actor TEXT NOT NULL,
    text TEXT NOT NULL,
    payload TEXT,
    created_at INTEGER NOT NULL,
    CHECK (kind <> 'claim' OR (claim_id IS NOT NULL AND payload IS NOT NULL))
) STRICT;

CREATE INDEX postonce_invoice_note_invoice ON postonce_invoice_note (invoice_id, id);
CREATE INDEX postonce_invoice_note_claim ON postonce_invoice_note (claim_id, kind);
CREATE INDEX postonce_invoice_note_kind ON postonce_invoice_note (kind, id);

CREATE TRIGGER postonce_invoice_note_update BEFORE UPDATE ON postonce_invoice_note
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER postonce_invoice_note_delete BEFORE DELETE ON postonce_invoice_note
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- Documents that a person has seen and ruled out for an invoice.
CREATE TABLE postonce_ruled_out (
    invoice_id INTEGER NOT NULL REFERENCES postonce_invoice (id),
    ledger_uid TEXT NOT NULL,
    PRIMARY KEY (invoice_id, ledger_uid)
) STRICT, WITHOUT ROWID;

-- Customers that are being created in the ledger.
CREATE TABLE postonce_customer_claim (
    company_file TEXT NOT NULL,
    customer_code TEXT NOT NULL,
    claim_id TEXT NOT NULL CHECK (length(claim_id) = 36 AND claim_id NOT GLOB '*[^0-9a-f-]*'),
    claimed_at INTEGER NOT NULL,
    quiet_until INTEGER NOT NULL,
    first_miss_at INTEGER,
    PRIMARY KEY (company_file, customer_code)
) STRICT, WITHOUT ROWID;
