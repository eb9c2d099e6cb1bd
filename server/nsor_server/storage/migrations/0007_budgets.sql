-- What is used of budgets. State and no history: the server's role changes it, and only under the lock of the ledger's head.
-- What was spent is recorded in the ledger's details as well, and added up again by ledger verify.

CREATE TABLE budget (
    account_id uuid PRIMARY KEY,
    missing bigint NOT NULL CHECK (missing >= 0),
    counted_us bigint NOT NULL,
    day integer NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE budget IS 'token buckets of officers and agencies by method and purpose, and what officers have named';
-- In the clear it would say how much each officer reads, and who reads the same.
COMMENT ON COLUMN budget.account_id IS 'keyed hash of agency, purpose, method, bucket, officer or none, what was named or nothing';
COMMENT ON COLUMN budget.missing IS 'what the bucket lacks to be full, in 3,600,000,000ths of a token; 0 for what was named';
COMMENT ON COLUMN budget.counted_us IS 'when that was counted: microseconds since 1970';
COMMENT ON COLUMN budget.day IS 'day in Asia/Karachi on which it was last named, as a number of days; of a bucket: on which it was last told that it is empty, 0: it has been half full since';

GRANT SELECT, INSERT, UPDATE, DELETE ON budget TO nsor_server;
