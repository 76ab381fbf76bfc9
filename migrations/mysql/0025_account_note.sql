-- The trail of accounts and machines: written, and never changed.
CREATE TABLE IF NOT EXISTS postonce_account_note (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    event VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    actor TEXT NOT NULL,
    text MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    CONSTRAINT postonce_account_note_event CHECK (event IN (
        'account_added', 'account_changed', 'signed_in', 'machine_added', 'machine_revoked')),
    CONSTRAINT postonce_account_note_name CHECK (
        CHAR_LENGTH(name) BETWEEN 1 AND 64 AND name NOT REGEXP '[^A-Za-z0-9_.@-]')
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
