-- Documents that a person has seen and ruled out for an invoice.
CREATE TABLE IF NOT EXISTS postonce_ruled_out (
    invoice_id BIGINT NOT NULL,
    ledger_uid VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
    CONSTRAINT postonce_ruled_out_invoice
        FOREIGN KEY (invoice_id) REFERENCES postonce_invoice (id),
    PRIMARY KEY (invoice_id, ledger_uid)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
