-- This database's own identity, and that of the server when it was first used or last taken over.
CREATE TABLE IF NOT EXISTS postonce_installation (
    only BIGINT NOT NULL PRIMARY KEY,
    id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    made_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    server TEXT,
    CONSTRAINT postonce_installation_only CHECK (only = 1),
    CONSTRAINT postonce_installation_id CHECK (
        CHAR_LENGTH(id) = 36 AND id NOT REGEXP '[^0-9a-f-]')
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
