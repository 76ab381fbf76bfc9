-- Every event that people were told of, so that each is told once.
CREATE TABLE IF NOT EXISTS postonce_notice_told (
    about VARCHAR(190) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    told_at BIGINT NOT NULL,
    CONSTRAINT postonce_notice_told_about CHECK (CHAR_LENGTH(about) BETWEEN 1 AND 160)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
