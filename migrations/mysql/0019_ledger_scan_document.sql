-- The documents that a scan of a ledger's books has read.
CREATE TABLE IF NOT EXISTS postonce_ledger_scan_document (
    scan_id BIGINT NOT NULL,
    uid VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    number TEXT NOT NULL,
    number_key VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    reference TEXT NOT NULL,
    reference_key VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
    customer TEXT NOT NULL,
    customer_key VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    invoice_date VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    amount_minor BIGINT,
    total_minor BIGINT,
    is_foreign TINYINT(1) NOT NULL,
    layout TEXT NOT NULL,
    claim_id VARCHAR(64) COLLATE utf8mb4_bin,
    PRIMARY KEY (scan_id, uid),
    KEY postonce_ledger_scan_number (scan_id, number_key),
    KEY postonce_ledger_scan_reference (scan_id, reference_key),
    KEY postonce_ledger_scan_sale (scan_id, customer_key, invoice_date, amount_minor),
    KEY postonce_ledger_scan_date (scan_id, invoice_date),
    KEY postonce_ledger_scan_claim (scan_id, claim_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
