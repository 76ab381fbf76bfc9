-- Browsers that are known. Of what one shows only the SHA-256 is here. `idle` is how long a session
-- lasts unused, in microseconds.
CREATE TABLE IF NOT EXISTS postonce_session (
    session_key VARCHAR(100) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    account VARCHAR(100) COLLATE utf8mb4_general_ci NOT NULL,
    form_key VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    idle BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    CONSTRAINT postonce_session_session_key CHECK (
        CHAR_LENGTH(session_key) = 64 AND session_key NOT REGEXP '[^0-9a-f]'),
    CONSTRAINT postonce_session_account CHECK (
        CHAR_LENGTH(account) BETWEEN 1 AND 64 AND account NOT REGEXP '[^A-Za-z0-9_.@-]'),
    KEY postonce_session_of (account)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
