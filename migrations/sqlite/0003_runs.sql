-- Runs, epochs, company files and this database's own identity.

CREATE TABLE postonce_sync_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trigger TEXT NOT NULL CHECK (trigger IN ('scheduled', 'manual', 'automation', 'reprocess')),
    actor TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL CHECK (pid BETWEEN 0 AND 4294967295),
    boot_id TEXT NOT NULL,
    lock_owner TEXT NOT NULL,
    connection_id INTEGER,
    status TEXT NOT NULL DEFAULT 'running' CHECK (status IN (
        'running', 'completed', 'completed_with_errors', 'failed', 'lock_lost', 'cancelled',
        'abandoned')),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    claimed INTEGER NOT NULL DEFAULT 0,
    posted INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    not_sent INTEGER NOT NULL DEFAULT 0,
    in_doubt INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    needs_human INTEGER NOT NULL DEFAULT 0,
    adopted INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    CHECK ((status = 'running') = (ended_at IS NULL))
) STRICT;

CREATE INDEX postonce_sync_run_running ON postonce_sync_run (lock_owner)
    WHERE status = 'running';

-- How runs exclude each other here: one row, written once.
CREATE TABLE postonce_sync_lock (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE postonce_epoch (
    company_file TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL CHECK (epoch > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE postonce_company_file (
    alias TEXT PRIMARY KEY CHECK (
        length(alias) BETWEEN 1 AND 40 AND instr(alias, char(0)) = 0 AND alias NOT GLOB '*[^A-Za-z0-9_.-]*'),
    business_id TEXT UNIQUE,
    time_zone TEXT,
    cut_over_through TEXT CHECK (date(cut_over_through) IS cut_over_through)
) STRICT, WITHOUT ROWID;

CREATE TABLE postonce_installation (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
    made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE postonce_ledger_token (
    company_file TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    version INTEGER NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
