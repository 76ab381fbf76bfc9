-- The access token of each company file, which all processes share, and who is getting the next one.
-- It counts while `version` is that of the refresh token.
CREATE TABLE postonce_ledger_access (
    company_file TEXT PRIMARY KEY CHECK (
        length(company_file) BETWEEN 1 AND 40 AND company_file NOT GLOB '*[^A-Za-z0-9_.-]*'),
    version INTEGER NOT NULL,
    access TEXT,
    ends_at INTEGER NOT NULL,
    refresher TEXT,
    refresh_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
