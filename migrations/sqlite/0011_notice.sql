-- What is told to people, one row for each way in which it is told. `due_at` is empty once it was
-- delivered, and if it is not tried any more.
CREATE TABLE postonce_notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    way TEXT NOT NULL CHECK (length(way) BETWEEN 1 AND 16),
    kind TEXT NOT NULL CHECK (
        kind IN ('run_failed', 'lock_lost', 'in_doubt', 'needs_human', 'silence', 'refused')),
    text TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER,
    delivered_at INTEGER,
    trouble TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX postonce_notice_due ON postonce_notice (due_at, id);

-- Every event that people were told of, so that each is told once.
CREATE TABLE postonce_notice_told (
    about TEXT PRIMARY KEY CHECK (length(about) BETWEEN 1 AND 160),
    told_at INTEGER NOT NULL
) STRICT;
