-- The audit trail: written, and never changed.
--
-- No trigger guards it: with a binary log, MySQL asks for more than the right to make triggers
-- before it takes one. What guards it is that nobody is granted UPDATE or DELETE on it.
CREATE TABLE IF NOT EXISTS postonce_invoice_note (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    invoice_id BIGINT NOT NULL,
    type VARCHAR(32) COLLATE utf8mb4_bin NOT NULL DEFAULT 'MYOB_SYNC',
    kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    claim_id VARCHAR(64) COLLATE utf8mb4_bin,
    actor TEXT NOT NULL,
    text MEDIUMTEXT NOT NULL,
    payload MEDIUMTEXT,
    created_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    CONSTRAINT postonce_invoice_note_kind CHECK (
        kind IN ('claim', 'outcome', 'inquiry', 'person', 'event')),
    CONSTRAINT postonce_invoice_note_payload CHECK (
        kind <> 'claim' OR (claim_id IS NOT NULL AND payload IS NOT NULL)),
    CONSTRAINT postonce_invoice_note_invoice
        FOREIGN KEY (invoice_id) REFERENCES postonce_invoice (id),
    KEY postonce_invoice_note_trail (invoice_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
