-- The fires of schedules, each once, and what came of them.
CREATE TABLE postonce_cron_fire (
    schedule TEXT NOT NULL CHECK (
        length(schedule) BETWEEN 1 AND 64 AND schedule NOT GLOB '*[^A-Za-z0-9_.-]*'),
    planned_at INTEGER NOT NULL,
    timetable TEXT NOT NULL,
    taker TEXT NOT NULL CHECK (length(taker) BETWEEN 1 AND 200),
    takes INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('taken', 'ran', 'skipped', 'failed', 'missed')),
    run_id INTEGER,
    reason TEXT NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (schedule, planned_at),
    CHECK ((status = 'taken') = (ended_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX postonce_cron_fire_newest ON postonce_cron_fire (planned_at);
CREATE INDEX postonce_cron_fire_taken ON postonce_cron_fire (schedule, planned_at) WHERE status = 'taken';
