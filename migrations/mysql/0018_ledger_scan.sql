-- Scans of the ledgers' books: of each company file the last one that was finished, and one that is
-- not (unfinished = 1, else NULL).
CREATE TABLE IF NOT EXISTS postonce_ledger_scan (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    unfinished BIGINT,
    from_date VARCHAR(32) COLLATE utf8mb4_bin,
    before_date VARCHAR(32) COLLATE utf8mb4_bin,
    at_date VARCHAR(32) COLLATE utf8mb4_bin,
    day_read BIGINT,
    day_count BIGINT,
    day_tries BIGINT NOT NULL DEFAULT 0,
    step BIGINT NOT NULL DEFAULT 0,
    unsure MEDIUMTEXT NOT NULL DEFAULT (''),
    began_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    finished_at BIGINT,
    CONSTRAINT postonce_ledger_scan_company_file CHECK (
        CHAR_LENGTH(company_file) BETWEEN 1 AND 40 AND company_file NOT REGEXP '[^A-Za-z0-9_.-]'),
    CONSTRAINT postonce_ledger_scan_finished CHECK (
        (unfinished IS NULL) = (finished_at IS NOT NULL) AND COALESCE(unfinished, 1) = 1),
    UNIQUE KEY postonce_ledger_scan_open (company_file, unfinished)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
