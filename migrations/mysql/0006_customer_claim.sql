-- Customers that are being created in the ledger.
CREATE TABLE IF NOT EXISTS postonce_customer_claim (
    company_file VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    customer_code VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    claim_id VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
    claimed_at BIGINT NOT NULL,
    quiet_until BIGINT NOT NULL,
    first_miss_at BIGINT,
    CONSTRAINT postonce_customer_claim_id CHECK (
        CHAR_LENGTH(claim_id) = 36 AND claim_id NOT REGEXP '[^0-9a-f-]'),
    PRIMARY KEY (company_file, customer_code)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
