-- Runs. Progress is written here, in rows that no claim touches.
CREATE TABLE IF NOT EXISTS postonce_sync_run (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    `trigger` VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    actor TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    boot_id TEXT NOT NULL,
    lock_owner VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
    connection_id BIGINT,
    status VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT 'running',
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    claimed BIGINT NOT NULL DEFAULT 0,
    posted BIGINT NOT NULL DEFAULT 0,
    rejected BIGINT NOT NULL DEFAULT 0,
    not_sent BIGINT NOT NULL DEFAULT 0,
    in_doubt BIGINT NOT NULL DEFAULT 0,
    blocked BIGINT NOT NULL DEFAULT 0,
    needs_human BIGINT NOT NULL DEFAULT 0,
    adopted BIGINT NOT NULL DEFAULT 0,
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL DEFAULT 0,
    reason MEDIUMTEXT NOT NULL DEFAULT (''),
    CONSTRAINT postonce_sync_run_trigger CHECK (
        `trigger` IN ('scheduled', 'manual', 'automation', 'reprocess')),
    CONSTRAINT postonce_sync_run_pid CHECK (pid BETWEEN 0 AND 4294967295),
    CONSTRAINT postonce_sync_run_status CHECK (
        status IN (
            'running', 'completed', 'completed_with_errors', 'failed', 'lock_lost', 'cancelled',
            'abandoned')
        AND (status = 'running') = (ended_at IS NULL)),
    KEY postonce_sync_run_running (status, lock_owner)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
