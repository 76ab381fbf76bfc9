-- Every claim with what it sent, in the order in which they were made.
--
-- The invoice carries the id of its claim without a foreign key: it is written before the claim
-- is, so that who comes second waits for the invoice's row and nothing else.
CREATE TABLE IF NOT EXISTS postonce_claim (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    invoice_id BIGINT NOT NULL,
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    attempt BIGINT NOT NULL,
    number VARCHAR(32) COLLATE utf8mb4_general_ci NOT NULL,
    reference VARCHAR(300) COLLATE utf8mb4_bin NOT NULL,
    customer_code VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    route TEXT NOT NULL,
    payload MEDIUMTEXT NOT NULL,
    epoch BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    quiet_until BIGINT NOT NULL,
    outcome VARCHAR(32) COLLATE utf8mb4_bin,
    ledger_uid VARCHAR(100) COLLATE utf8mb4_bin,
    in_doubt TINYINT(1) NOT NULL DEFAULT 0,
    inquiries BIGINT NOT NULL DEFAULT 0,
    next_check BIGINT NOT NULL,
    first_miss_at BIGINT,
    absent_at BIGINT,
    CONSTRAINT postonce_claim_id CHECK (CHAR_LENGTH(id) = 36 AND id NOT REGEXP '[^0-9a-f-]'),
    CONSTRAINT postonce_claim_attempt CHECK (attempt BETWEEN 1 AND 4294967295),
    CONSTRAINT postonce_claim_outcome CHECK (
        outcome IS NULL OR outcome IN ('posted', 'rejected', 'not_sent', 'in_doubt')),
    CONSTRAINT postonce_claim_document CHECK (
        (COALESCE(outcome, '') = 'posted') = (ledger_uid IS NOT NULL)),
    CONSTRAINT postonce_claim_inquiries CHECK (
        in_doubt IN (0, 1) AND inquiries BETWEEN 0 AND 4294967295),
    CONSTRAINT postonce_claim_invoice FOREIGN KEY (invoice_id) REFERENCES postonce_invoice (id),
    UNIQUE KEY postonce_claim_named (id),
    UNIQUE KEY postonce_claim_attempted (invoice_id, attempt),
    KEY postonce_claim_check (in_doubt, company_file, next_check),
    KEY postonce_claim_posted (company_file, seq),
    KEY postonce_claim_open (run_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
