-- Who may come in: people by their sessions, machines by their tokens. Passwords are hashed, and of
-- what a browser or a machine shows only the SHA-256 is here. Two names that differ only in case are
-- one name.
CREATE TABLE postonce_account (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY CHECK (
        length(name) BETWEEN 1 AND 64 AND instr(name, char(0)) = 0
        AND name NOT GLOB '*[^A-Za-z0-9_.@-]*'),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password TEXT NOT NULL CHECK (length(password) >= 1),
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version INTEGER NOT NULL CHECK (version >= 1),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `idle` is how long a session lasts unused, in microseconds.
CREATE TABLE postonce_session (
    session_key TEXT NOT NULL PRIMARY KEY CHECK (
        length(session_key) = 64 AND session_key NOT GLOB '*[^0-9a-f]*'),
    account TEXT NOT NULL COLLATE NOCASE REFERENCES postonce_account (name),
    form_key TEXT NOT NULL,
    idle INTEGER NOT NULL CHECK (idle >= 0),
    idle_until INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX postonce_session_account ON postonce_session (account);

-- A machine whose token was taken away stays, so that its name in the trail stays one machine's. It
-- may start runs on both sides if `side` is null.
CREATE TABLE postonce_machine (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY CHECK (
        length(name) BETWEEN 1 AND 64 AND instr(name, char(0)) = 0
        AND name NOT GLOB '*[^A-Za-z0-9_.@-]*'),
    side TEXT CHECK (side IN ('platform', 'ordering')),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    token_key TEXT NOT NULL UNIQUE CHECK (
        length(token_key) = 64 AND token_key NOT GLOB '*[^0-9a-f]*'),
    made_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- The trail of accounts and machines: written, and never changed.
CREATE TABLE postonce_account_note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL CHECK (event IN (
        'account_added', 'account_changed', 'signed_in', 'machine_added', 'machine_revoked')),
    name TEXT NOT NULL,
    actor TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER postonce_account_note_update BEFORE UPDATE ON postonce_account_note
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER postonce_account_note_delete BEFORE DELETE ON postonce_account_note
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- A line that replaces another one is an insert to the triggers above.
CREATE TRIGGER postonce_account_note_replace BEFORE INSERT ON postonce_account_note
WHEN EXISTS (SELECT 1 FROM postonce_account_note WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- Requests that carry a key of their sender's, and what was answered, if anything was. `headers` are
-- lines of `name: value`.
CREATE TABLE postonce_reply (
    sender TEXT NOT NULL CHECK (
        length(sender) BETWEEN 1 AND 100 AND instr(sender, char(0)) = 0
        AND sender NOT GLOB '*[^ -~]*' AND sender NOT GLOB ' *' AND sender NOT GLOB '* '),
    request_key TEXT NOT NULL CHECK (
        length(request_key) BETWEEN 1 AND 255 AND instr(request_key, char(0)) = 0
        AND request_key NOT GLOB '*[^ -~]*' AND request_key NOT GLOB ' *'
        AND request_key NOT GLOB '* '),
    digest TEXT NOT NULL CHECK (
        length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
    asked_at INTEGER NOT NULL,
    status INTEGER CHECK (status BETWEEN 100 AND 999),
    headers TEXT,
    body TEXT,
    PRIMARY KEY (sender, request_key),
    CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX postonce_reply_asked_at ON postonce_reply (asked_at);
