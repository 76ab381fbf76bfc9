-- The access token of each company file, which all processes share, and who is getting the next one.
-- It counts while `version` is that of the refresh token.
CREATE TABLE postonce_ledger_access (
    company_file TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    access TEXT,
    ends_at INTEGER NOT NULL,
    refresher TEXT,
    refresh_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
