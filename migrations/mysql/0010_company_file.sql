-- Company files. While an alarm stands, every invoice of the file is looked up before its first
-- claim, and nothing is claimed before alarm_quiet_until.
CREATE TABLE IF NOT EXISTS postonce_company_file (
    alias VARCHAR(64) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    business_id VARCHAR(255) COLLATE utf8mb4_bin,
    time_zone TEXT,
    cut_over_through VARCHAR(32) COLLATE utf8mb4_bin,
    alarm_quiet_until BIGINT,
    CONSTRAINT postonce_company_file_alias CHECK (
        CHAR_LENGTH(alias) BETWEEN 1 AND 40 AND alias NOT REGEXP '[^A-Za-z0-9_.-]'),
    UNIQUE KEY postonce_company_file_business (business_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
