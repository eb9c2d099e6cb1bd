-- Unusual accesses: what the tripwires have found, and what NPB has made of it. Insert-only. Who it was and what was unusual stand in
-- the seal only, all of which are of one size: beside it stands whose it is, and when it was found.

CREATE TABLE unusual_access (
    unusual_access_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    found_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON TABLE unusual_access IS 'unusual accesses that the look-up''s fixed times have found. Ids grow with time';
COMMENT ON COLUMN unusual_access.agency_id IS 'the agency of the officer';
COMMENT ON COLUMN unusual_access.found_at IS 'the fixed time at which it was found';
COMMENT ON COLUMN unusual_access.sealed IS 'nsor.storage.v1.UnusualAccessRecord under the sealing keyset';
CREATE INDEX unusual_access_of_agency ON unusual_access (agency_id, unusual_access_id);

CREATE TABLE unusual_access_review (
    unusual_access_id uuid PRIMARY KEY REFERENCES unusual_access,
    agency_id text NOT NULL,
    finding smallint NOT NULL CHECK (finding >= 1),
    reviewed_by bytea NOT NULL,
    reviewed_at timestamptz NOT NULL
);
COMMENT ON TABLE unusual_access_review IS 'what NPB has made of unusual accesses, once of each';
COMMENT ON COLUMN unusual_access_review.agency_id IS 'the agency of the officer whose accesses they were';
COMMENT ON COLUMN unusual_access_review.finding IS 'enum nsor.v1.UnusualAccessFinding';
COMMENT ON COLUMN unusual_access_review.reviewed_by IS 'key id of the officer who reviewed it';

GRANT SELECT, INSERT ON unusual_access, unusual_access_review TO nsor_server;
