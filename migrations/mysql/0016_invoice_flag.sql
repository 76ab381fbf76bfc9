-- What a person should look at on an invoice; at most one for each.
CREATE TABLE IF NOT EXISTS postonce_invoice_flag (
    invoice_id BIGINT NOT NULL PRIMARY KEY,
    text MEDIUMTEXT NOT NULL,
    raised_at BIGINT NOT NULL DEFAULT (TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))),
    CONSTRAINT postonce_invoice_flag_invoice FOREIGN KEY (invoice_id) REFERENCES postonce_invoice (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
