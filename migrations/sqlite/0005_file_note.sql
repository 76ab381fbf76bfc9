-- The trail of each company file: written, and never changed.
CREATE TABLE postonce_file_note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    company_file TEXT NOT NULL CHECK (
        length(company_file) BETWEEN 1 AND 40 AND company_file NOT GLOB '*[^A-Za-z0-9_.-]*'),
    kind TEXT NOT NULL CHECK (kind IN ('cut_over', 'take_over')),
    actor TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX postonce_file_note_trail ON postonce_file_note (company_file, id);

CREATE TRIGGER postonce_file_note_update BEFORE UPDATE ON postonce_file_note
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TRIGGER postonce_file_note_delete BEFORE DELETE ON postonce_file_note
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

-- A line that replaces another one is an insert to the triggers above.
CREATE TRIGGER postonce_file_note_replace BEFORE INSERT ON postonce_file_note
WHEN EXISTS (SELECT 1 FROM postonce_file_note WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
