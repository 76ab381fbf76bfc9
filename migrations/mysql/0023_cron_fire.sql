-- The fires of schedules, each once, and what came of them.
CREATE TABLE IF NOT EXISTS postonce_cron_fire (
    schedule VARCHAR(96) COLLATE utf8mb4_bin NOT NULL,
    planned_at BIGINT NOT NULL,
    timetable TEXT NOT NULL,
    taker VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
    takes BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    status VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
    run_id BIGINT,
    reason MEDIUMTEXT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (schedule, planned_at),
    CONSTRAINT postonce_cron_fire_schedule CHECK (
        CHAR_LENGTH(schedule) BETWEEN 1 AND 64 AND schedule NOT REGEXP '[^A-Za-z0-9_.-]'),
    CONSTRAINT postonce_cron_fire_taker CHECK (CHAR_LENGTH(taker) BETWEEN 1 AND 200),
    CONSTRAINT postonce_cron_fire_status CHECK (status IN ('taken', 'ran', 'skipped', 'failed', 'missed')),
    CONSTRAINT postonce_cron_fire_ended CHECK ((status = 'taken') = (ended_at IS NULL)),
    KEY postonce_cron_fire_newest (planned_at),
    KEY postonce_cron_fire_taken (schedule, status, planned_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
