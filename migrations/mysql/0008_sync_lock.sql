-- How runs exclude each other here: one row, written once.
CREATE TABLE IF NOT EXISTS postonce_sync_lock (
    only BIGINT NOT NULL PRIMARY KEY,
    kind VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    scope VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
    CONSTRAINT postonce_sync_lock_only CHECK (only = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
