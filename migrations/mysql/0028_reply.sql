-- Requests that carry a key of their sender's, and what was answered, if anything was. `headers` are
-- lines of `name: value`.
CREATE TABLE IF NOT EXISTS postonce_reply (
    sender VARCHAR(150) COLLATE utf8mb4_bin NOT NULL,
    request_key VARCHAR(300) COLLATE utf8mb4_bin NOT NULL,
    digest VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    asked_at BIGINT NOT NULL,
    status BIGINT,
    headers TEXT,
    body MEDIUMTEXT,
    CONSTRAINT postonce_reply_sender CHECK (
        CHAR_LENGTH(sender) BETWEEN 1 AND 100 AND sender NOT REGEXP '[^ -~]|^ | $'),
    CONSTRAINT postonce_reply_request_key CHECK (
        CHAR_LENGTH(request_key) BETWEEN 1 AND 255 AND request_key NOT REGEXP '[^ -~]|^ | $'),
    CONSTRAINT postonce_reply_digest CHECK (
        CHAR_LENGTH(digest) = 64 AND digest NOT REGEXP '[^0-9a-f]'),
    CONSTRAINT postonce_reply_answer CHECK (
        (status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL)
        AND (status IS NULL OR status BETWEEN 100 AND 999)),
    PRIMARY KEY (sender, request_key),
    KEY postonce_reply_asked_at (asked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
