-- Leases: locks that their holders renew, by the server's clock. A hold has an owner of its own,
-- and the fence counts the holds.
CREATE TABLE IF NOT EXISTS postonce_lease (
    name VARCHAR(255) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    owner VARCHAR(255) COLLATE utf8mb4_bin,
    fence BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
