-- What is told to people, one row for each way in which it is told. `due_at` is empty once it was
-- delivered, and if it is not tried any more.
CREATE TABLE IF NOT EXISTS postonce_notice (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    way VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    text MEDIUMTEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due_at BIGINT,
    delivered_at BIGINT,
    trouble MEDIUMTEXT NOT NULL,
    CONSTRAINT postonce_notice_way CHECK (CHAR_LENGTH(way) BETWEEN 1 AND 16),
    CONSTRAINT postonce_notice_kind CHECK (
        kind IN ('run_failed', 'lock_lost', 'in_doubt', 'needs_human', 'silence', 'refused')),
    KEY postonce_notice_due (due_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
