-- Invoices and their lines.
--
-- Times are microseconds since 1970 in UTC, by the database's own clock. Money is minor units,
-- quantities and prices are ten-thousandths, discounts are hundredths of a percent.
--
-- Another application may insert into both tables in a transaction of its own. It lists the
-- columns of the content and leaves state, version, held, attempt and what follows to their
-- defaults; line_count and total_minor are what it declares, and a mismatch is blocked.

CREATE TABLE postonce_invoice (
    id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    company_file TEXT NOT NULL CHECK (
        length(company_file) BETWEEN 1 AND 40 AND instr(company_file, char(0)) = 0 AND company_file NOT GLOB '*[^A-Za-z0-9_.-]*'),
    side TEXT NOT NULL CHECK (side IN ('platform', 'ordering')),
    external_id TEXT NOT NULL CHECK (
        length(external_id) BETWEEN 1 AND 255 AND instr(external_id, char(0)) = 0
        AND external_id NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
        AND trim(external_id, char(9, 10, 11, 12, 13, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288)) = external_id),
    number TEXT NOT NULL COLLATE NOCASE CHECK (
        length(number) BETWEEN 1 AND 13 AND instr(number, char(0)) = 0
        AND number NOT GLOB '*[^A-Za-z0-9-]*' AND number NOT GLOB '0*'),
    invoice_date TEXT NOT NULL CHECK (
        invoice_date GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
        AND date(invoice_date) IS invoice_date),
    customer_code TEXT NOT NULL CHECK (
        length(customer_code) BETWEEN 1 AND 15 AND instr(customer_code, char(0)) = 0
        AND customer_code NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*'
        AND trim(customer_code, char(9, 10, 11, 12, 13, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288)) = customer_code),
    customer_name TEXT NOT NULL,
    customer_email TEXT NOT NULL DEFAULT '',
    freight_minor INTEGER NOT NULL DEFAULT 0,
    tax_inclusive INTEGER NOT NULL CHECK (tax_inclusive IN (0, 1)),
    memo TEXT NOT NULL DEFAULT '',
    line_count INTEGER NOT NULL CHECK (line_count >= 0),
    total_minor INTEGER NOT NULL CHECK (total_minor BETWEEN -9999999999999 AND 9999999999999),
    state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN (
        'draft', 'ready', 'blocked', 'claimed', 'posted', 'rejected', 'in_doubt', 'needs_human',
        'forgotten')),
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt BETWEEN 0 AND 4294967295),
    claim_id TEXT REFERENCES postonce_claim (id),
    ledger_uid TEXT CHECK (
        length(ledger_uid) BETWEEN 1 AND 64 AND instr(ledger_uid, char(0)) = 0 AND ledger_uid NOT GLOB '*[^A-Za-z0-9_.-]*'),
    state_code TEXT,
    state_reason TEXT,
    state_uids TEXT,
    absent_confirmed_at INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000),
    is_processed INTEGER NOT NULL
        GENERATED ALWAYS AS (state NOT IN ('draft', 'ready', 'blocked')) VIRTUAL,
    CHECK ((state IN ('claimed', 'in_doubt')) = (claim_id IS NOT NULL)),
    CHECK (claim_id IS NULL OR attempt > 0),
    CHECK ((state = 'posted') = (ledger_uid IS NOT NULL)),
    CHECK ((state IN ('blocked', 'rejected', 'needs_human')) = (state_reason IS NOT NULL)),
    CHECK (state_code IS NULL OR state IN ('blocked', 'rejected')),
    CHECK (state <> 'blocked' OR state_code IS NOT NULL),
    CHECK ((state = 'needs_human') = (state_uids IS NOT NULL)),
    CHECK (absent_confirmed_at IS NULL OR state = 'in_doubt'),
    UNIQUE (company_file, external_id),
    UNIQUE (company_file, number),
    UNIQUE (company_file, ledger_uid)
) STRICT;

-- What a run pages through. The cost of a page is that of its own rows, whatever was posted before.
CREATE INDEX postonce_invoice_ready ON postonce_invoice (company_file, id)
    WHERE state = 'ready' AND held = 0;
CREATE INDEX postonce_invoice_waiting ON postonce_invoice (company_file, id)
    WHERE state IN ('ready', 'blocked') AND held = 0;

-- What makes a company file have work, and what a newer run sweeps.
CREATE INDEX postonce_invoice_open ON postonce_invoice (company_file, state, held)
    WHERE state IN ('ready', 'blocked', 'claimed', 'in_doubt');

-- Counts and lists by state.
CREATE INDEX postonce_invoice_state ON postonce_invoice (state, held);

CREATE TABLE postonce_invoice_line (
    invoice_id INTEGER NOT NULL REFERENCES postonce_invoice (id),
    line_number INTEGER NOT NULL CHECK (line_number BETWEEN 1 AND 4294967295),
    item_code TEXT,
    description TEXT NOT NULL,
    quantity_e4 INTEGER NOT NULL,
    unit_price_e4 INTEGER NOT NULL,
    discount_e2 INTEGER NOT NULL DEFAULT 0,
    tax_code TEXT NOT NULL,
    PRIMARY KEY (invoice_id, line_number)
) STRICT, WITHOUT ROWID;
