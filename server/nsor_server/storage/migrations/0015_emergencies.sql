-- Emergency look-ups: opened by an officer of the police, and reviewed by NPB. Insert-only. Whom one was for isn't convicted of anything by that,
-- so nothing beside the seals says who he is, not even as a blind index; nor does anything say whether he was found.

CREATE TABLE emergency (
    emergency_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    officer_key bytea NOT NULL,
    station text NOT NULL,
    review_due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON TABLE emergency IS 'emergency look-ups that were opened';
COMMENT ON COLUMN emergency.agency_id IS 'the agency of the officer who opened it';
COMMENT ON COLUMN emergency.officer_key IS 'key id of that officer';
COMMENT ON COLUMN emergency.station IS 'the police station that acts';
COMMENT ON COLUMN emergency.review_due_at IS 'from then on its agency opens no other one until it is reviewed';
COMMENT ON COLUMN emergency.sealed IS 'nsor.storage.v1.EmergencyRecord under the sealing keyset';
CREATE INDEX emergency_of_agency ON emergency (agency_id, created_at, emergency_id);
CREATE INDEX emergency_by_time ON emergency (created_at, emergency_id);

CREATE TABLE emergency_review (
    emergency_id uuid PRIMARY KEY REFERENCES emergency,
    agency_id text NOT NULL,
    finding smallint NOT NULL CHECK (finding >= 1),
    reviewed_by bytea NOT NULL,
    reviewed_at timestamptz NOT NULL
);
COMMENT ON TABLE emergency_review IS 'what NPB has found of emergency look-ups, once of each';
COMMENT ON COLUMN emergency_review.agency_id IS 'the agency of the officer who opened the look-up';
COMMENT ON COLUMN emergency_review.finding IS 'enum nsor.v1.EmergencyFinding';
COMMENT ON COLUMN emergency_review.reviewed_by IS 'key id of the officer who reviewed it';
CREATE INDEX emergency_review_of_agency ON emergency_review (agency_id);

CREATE TABLE emergency_overdue (
    emergency_id uuid PRIMARY KEY REFERENCES emergency,
    told_at timestamptz NOT NULL
);
COMMENT ON TABLE emergency_overdue IS 'emergency look-ups of which was told that their review is overdue; nothing is decided by it';

-- One row for each reading, whether or not somebody was found: the reviewer sees how often and when it was read.
CREATE TABLE emergency_reading (
    emergency_id uuid NOT NULL REFERENCES emergency,
    number smallint NOT NULL CHECK (number >= 1),
    read_at timestamptz NOT NULL,
    PRIMARY KEY (emergency_id, number)
);
COMMENT ON TABLE emergency_reading IS 'readings by emergency look-ups, those that found nobody too';

GRANT SELECT, INSERT ON emergency, emergency_review, emergency_overdue, emergency_reading TO nsor_server;
