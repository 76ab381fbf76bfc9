-- The epoch of each company file. Every claim reads it under a share lock and every run raises it,
-- so it has a table of its own that no foreign key points at.
CREATE TABLE IF NOT EXISTS postonce_epoch (
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    CONSTRAINT postonce_epoch_positive CHECK (epoch > 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
