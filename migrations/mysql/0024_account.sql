-- People who may come in, with their passwords hashed. Two names that differ only in case are one
-- name.
CREATE TABLE IF NOT EXISTS postonce_account (
    name VARCHAR(100) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,
    role VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    password TEXT NOT NULL,
    disabled TINYINT(1) NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    CONSTRAINT postonce_account_name CHECK (
        CHAR_LENGTH(name) BETWEEN 1 AND 64 AND name NOT REGEXP '[^A-Za-z0-9_.@-]'),
    CONSTRAINT postonce_account_role CHECK (role IN ('viewer', 'operator', 'admin')),
    CONSTRAINT postonce_account_password CHECK (CHAR_LENGTH(password) >= 1),
    CONSTRAINT postonce_account_disabled CHECK (disabled IN (0, 1)),
    CONSTRAINT postonce_account_version CHECK (version >= 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
