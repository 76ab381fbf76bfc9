-- The trail of each company file: written, and never changed. What guards it is that nobody is
-- granted UPDATE or DELETE on it.
CREATE TABLE IF NOT EXISTS postonce_file_note (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    actor TEXT NOT NULL,
    text MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    CONSTRAINT postonce_file_note_company_file CHECK (
        CHAR_LENGTH(company_file) BETWEEN 1 AND 40 AND company_file NOT REGEXP '[^A-Za-z0-9_.-]'),
    CONSTRAINT postonce_file_note_kind CHECK (kind IN ('cut_over', 'take_over')),
    KEY postonce_file_note_trail (company_file, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
