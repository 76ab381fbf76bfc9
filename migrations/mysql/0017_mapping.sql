-- What the platform's codes are in the ledger. A row that was taken out stays, without a UID, so
-- that its version goes on.
CREATE TABLE IF NOT EXISTS postonce_ledger_mapping (
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    code VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    ledger_uid VARCHAR(100) COLLATE utf8mb4_bin,
    ledger_code TEXT NOT NULL,
    ledger_name TEXT NOT NULL,
    state VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    reason MEDIUMTEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    updated_by TEXT NOT NULL,
    CONSTRAINT postonce_ledger_mapping_company_file CHECK (
        CHAR_LENGTH(company_file) BETWEEN 1 AND 40 AND company_file NOT REGEXP '[^A-Za-z0-9_.-]'),
    CONSTRAINT postonce_ledger_mapping_kind CHECK (kind IN (
        'customer', 'account', 'item', 'tax_code', 'job', 'freight_tax_code')),
    CONSTRAINT postonce_ledger_mapping_code CHECK (
        CHAR_LENGTH(code) BETWEEN 1 AND 64 AND code NOT REGEXP '\\p{Cc}|^\\p{Z}|\\p{Z}$'),
    CONSTRAINT postonce_ledger_mapping_uid CHECK (
        ledger_uid IS NULL OR (CHAR_LENGTH(ledger_uid) BETWEEN 1 AND 64
            AND ledger_uid NOT REGEXP '[^A-Za-z0-9_.-]')),
    CONSTRAINT postonce_ledger_mapping_state CHECK (state IN ('confirmed', 'review')),
    CONSTRAINT postonce_ledger_mapping_version CHECK (version >= 1),
    PRIMARY KEY (company_file, kind, code),
    KEY postonce_ledger_mapping_target (company_file, ledger_uid)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
