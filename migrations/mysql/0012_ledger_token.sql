-- The rotating token of each company file.
CREATE TABLE IF NOT EXISTS postonce_ledger_token (
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL,
    version BIGINT NOT NULL,
    stored_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
