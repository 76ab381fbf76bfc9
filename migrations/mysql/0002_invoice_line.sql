-- The lines of invoices.
CREATE TABLE IF NOT EXISTS postonce_invoice_line (
    invoice_id BIGINT NOT NULL,
    line_number BIGINT NOT NULL,
    item_code TEXT,
    description MEDIUMTEXT NOT NULL,
    quantity_e4 BIGINT NOT NULL,
    unit_price_e4 BIGINT NOT NULL,
    discount_e2 BIGINT NOT NULL DEFAULT 0,
    tax_code TEXT NOT NULL,
    CONSTRAINT postonce_invoice_line_number CHECK (line_number BETWEEN 1 AND 4294967295),
    CONSTRAINT postonce_invoice_line_invoice
        FOREIGN KEY (invoice_id) REFERENCES postonce_invoice (id),
    PRIMARY KEY (invoice_id, line_number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
