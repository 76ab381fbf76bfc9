-- The access token of each company file, which all processes share, and who is getting the next one.
-- It counts while `version` is that of the refresh token.
CREATE TABLE IF NOT EXISTS postonce_ledger_access (
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    access TEXT,
    ends_at BIGINT NOT NULL,
    refresher VARCHAR(64) COLLATE utf8mb4_bin,
    refresh_until BIGINT NOT NULL,
    CONSTRAINT postonce_ledger_access_company_file CHECK (
        CHAR_LENGTH(company_file) BETWEEN 1 AND 40 AND company_file NOT REGEXP '[^A-Za-z0-9_.-]')
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
