-- By whose consent each company file lets us in, and what came of it: written, and never changed.
CREATE TABLE IF NOT EXISTS postonce_ledger_consent (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    event VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    actor TEXT NOT NULL,
    text MEDIUMTEXT NOT NULL,
    business_id VARCHAR(64) COLLATE utf8mb4_bin,
    business_name TEXT,
    scopes TEXT,
    base_url TEXT,
    created_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    CONSTRAINT postonce_ledger_consent_company_file CHECK (
        CHAR_LENGTH(company_file) BETWEEN 1 AND 40 AND company_file NOT REGEXP '[^A-Za-z0-9_.-]'),
    CONSTRAINT postonce_ledger_consent_event CHECK (event IN ('connected', 'reached', 'refused', 'revoked')),
    KEY postonce_ledger_consent_newest (company_file, event, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
