-- Whether the register can write, asked by itself every few seconds: a probe needs a table that no call waits for.

CREATE TABLE write_probe (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    probed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ballast bytea STORAGE EXTERNAL NOT NULL DEFAULT ''
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE write_probe IS 'one row that says nothing; updated by the probe of each server process';
COMMENT ON COLUMN write_probe.ballast IS 'zeros, so many that the table must grow: a full disk shows here before it shows in an entry';
INSERT INTO write_probe DEFAULT VALUES;

GRANT SELECT, UPDATE ON write_probe TO nsor_server;
