-- Invoices.
--
-- Times are microseconds since 1970 in UTC, by the server's own clock. Money is minor units,
-- quantities and prices are ten-thousandths, discounts are hundredths of a percent.
--
-- Another application may insert into this table and that of the lines in a transaction of its
-- own. It lists the columns of the content and leaves state, version, held, attempt and what
-- follows to their defaults; line_count and total_minor are what it declares, and a mismatch is
-- blocked.
--
-- Identifiers are wider than their checks allow, so that a server without strict mode cannot cut
-- one to a length that passes. Blanks around them are refused, since some collations compare
-- without those at the end.
--
-- postonce_invoice_waiting serves what a run pages through, what makes a company file have work,
-- what a newer run sweeps, and counts by state: each costs what it returns, whatever was posted.
CREATE TABLE IF NOT EXISTS postonce_invoice (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    side VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    external_id VARCHAR(300) COLLATE utf8mb4_bin NOT NULL,
    number VARCHAR(32) COLLATE utf8mb4_general_ci NOT NULL,
    invoice_date VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    customer_code VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    customer_name TEXT NOT NULL,
    customer_email TEXT NOT NULL DEFAULT (''),
    freight_minor BIGINT NOT NULL DEFAULT 0,
    tax_inclusive TINYINT(1) NOT NULL,
    memo MEDIUMTEXT NOT NULL DEFAULT (''),
    line_count BIGINT NOT NULL,
    total_minor BIGINT NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT 'ready',
    version BIGINT NOT NULL DEFAULT 1,
    held TINYINT(1) NOT NULL DEFAULT 0,
    attempt BIGINT NOT NULL DEFAULT 0,
    claim_id VARCHAR(64) COLLATE utf8mb4_bin,
    ledger_uid VARCHAR(100) COLLATE utf8mb4_bin,
    state_code VARCHAR(255) COLLATE utf8mb4_bin,
    state_reason MEDIUMTEXT,
    state_uids MEDIUMTEXT,
    absent_confirmed_at BIGINT,
    created_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    updated_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    is_processed TINYINT(1) GENERATED ALWAYS AS (state NOT IN ('draft', 'ready', 'blocked')) VIRTUAL,
    CONSTRAINT postonce_invoice_company_file CHECK (
        CHAR_LENGTH(company_file) BETWEEN 1 AND 40 AND company_file NOT REGEXP '[^A-Za-z0-9_.-]'),
    CONSTRAINT postonce_invoice_side CHECK (side IN ('platform', 'ordering')),
    CONSTRAINT postonce_invoice_external_id CHECK (
        CHAR_LENGTH(external_id) BETWEEN 1 AND 255
        AND external_id NOT REGEXP '\\p{Cc}|^\\p{Z}|\\p{Z}$'),
    CONSTRAINT postonce_invoice_number CHECK (
        CHAR_LENGTH(number) BETWEEN 1 AND 13 AND number NOT REGEXP '[^A-Za-z0-9-]|^0'),
    CONSTRAINT postonce_invoice_date CHECK (
        CHAR_LENGTH(invoice_date) = 10
        AND invoice_date REGEXP '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'),
    CONSTRAINT postonce_invoice_customer_code CHECK (
        CHAR_LENGTH(customer_code) BETWEEN 1 AND 15
        AND customer_code NOT REGEXP '\\p{Cc}|^\\p{Z}|\\p{Z}$'),
    CONSTRAINT postonce_invoice_tax_inclusive CHECK (tax_inclusive IN (0, 1)),
    CONSTRAINT postonce_invoice_declared CHECK (
        line_count >= 0 AND total_minor BETWEEN -9999999999999 AND 9999999999999),
    CONSTRAINT postonce_invoice_state CHECK (state IN (
        'draft', 'ready', 'blocked', 'claimed', 'posted', 'rejected', 'in_doubt', 'needs_human',
        'forgotten')),
    CONSTRAINT postonce_invoice_flags CHECK (
        version >= 1 AND held IN (0, 1) AND attempt BETWEEN 0 AND 4294967295),
    CONSTRAINT postonce_invoice_claim CHECK (
        (state IN ('claimed', 'in_doubt')) = (claim_id IS NOT NULL)
        AND (claim_id IS NULL OR attempt > 0)),
    CONSTRAINT postonce_invoice_ledger_uid CHECK (
        (state = 'posted') = (ledger_uid IS NOT NULL)
        AND (ledger_uid IS NULL OR CHAR_LENGTH(ledger_uid) BETWEEN 1 AND 64
            AND ledger_uid NOT REGEXP '[^A-Za-z0-9_.-]')),
    CONSTRAINT postonce_invoice_reason CHECK (
        (state IN ('blocked', 'rejected', 'needs_human')) = (state_reason IS NOT NULL)
        AND (state_code IS NULL OR state IN ('blocked', 'rejected'))
        AND (state <> 'blocked' OR state_code IS NOT NULL)
        AND (state = 'needs_human') = (state_uids IS NOT NULL)
        AND (absent_confirmed_at IS NULL OR state = 'in_doubt')),
    UNIQUE KEY postonce_invoice_external (company_file, external_id),
    UNIQUE KEY postonce_invoice_numbered (company_file, number),
    UNIQUE KEY postonce_invoice_document (company_file, ledger_uid),
    KEY postonce_invoice_waiting (state, company_file, held, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
