-- Machines that may come in. Of a token only the SHA-256 is here. A machine whose token was taken
-- away stays, so that its name in the trail stays one machine's. It may start runs on both sides if
-- `side` is null. Two names that differ only in case are one name.
CREATE TABLE IF NOT EXISTS postonce_machine (
    name VARCHAR(100) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,
    side VARCHAR(32) COLLATE utf8mb4_bin,
    role VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    token_key VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    made_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    revoked_at BIGINT,
    CONSTRAINT postonce_machine_name CHECK (
        CHAR_LENGTH(name) BETWEEN 1 AND 64 AND name NOT REGEXP '[^A-Za-z0-9_.@-]'),
    CONSTRAINT postonce_machine_side CHECK (side IN ('platform', 'ordering')),
    CONSTRAINT postonce_machine_role CHECK (role IN ('viewer', 'operator', 'admin')),
    CONSTRAINT postonce_machine_token_key CHECK (
        CHAR_LENGTH(token_key) = 64 AND token_key NOT REGEXP '[^0-9a-f]'),
    UNIQUE KEY postonce_machine_token (token_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
