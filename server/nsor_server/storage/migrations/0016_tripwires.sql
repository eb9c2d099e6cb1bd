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

-- The fixed times at which it is looked for them. One row each, whatever there is.
CREATE TABLE tripwire_time (
    tripwire_time_id uuid NOT NULL UNIQUE,
    number bigint PRIMARY KEY CHECK (number >= 1),
    due_at timestamptz NOT NULL UNIQUE,
    watched_to bigint NOT NULL CHECK (watched_to >= -1),
    travelled_to timestamptz NOT NULL,
    policy_version bigint NOT NULL CHECK (policy_version >= 0)
);
COMMENT ON COLUMN tripwire_time.watched_to IS 'the last entry whose access was taken; -1: none was';
COMMENT ON COLUMN tripwire_time.travelled_to IS 'manifests that were over until then were looked at';
COMMENT ON COLUMN tripwire_time.policy_version IS 'of the document tripwires, by which it was looked for them; 0: the one that ships';

GRANT SELECT, INSERT ON unusual_access, unusual_access_review, tripwire_time TO nsor_server;

-- Numbers whose look-up is worth a question. Of each there is a keyed hash alone, under keys of its own: it can be asked whether a
-- number is watched only with the number and the keyring.
CREATE TABLE watched_number (
    watched_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 2),
    state smallint NOT NULL CHECK (state BETWEEN 1 AND 5),
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    decided_by bytea NOT NULL CHECK (octet_length(decided_by) = 32),
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (watched_id, version)
);
COMMENT ON TABLE watched_number IS 'decoys'' and protected persons'' numbers; the greatest version counts. Officers'' own ones: officer';
COMMENT ON COLUMN watched_number.kind IS 'enum nsor.v1.WatchedKind';
COMMENT ON COLUMN watched_number.state IS 'enum nsor.v1.WatchedState';
COMMENT ON COLUMN watched_number.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';
COMMENT ON COLUMN watched_number.decided_by IS 'key id of the officer of NPB who has signed';
COMMENT ON COLUMN watched_number.expires_at IS 'until when a second officer may confirm what this version proposes';
CREATE INDEX watched_number_blind ON watched_number (blind) WHERE version = 1;
GRANT SELECT, INSERT ON watched_number TO nsor_server;

-- Replays: which past accesses other thresholds would have found unusual. Sealed at one size, whatever was found.
CREATE TABLE tripwire_replay (
    replay_id uuid NOT NULL,
    version integer NOT NULL CHECK (version BETWEEN 1 AND 3),
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (replay_id, version)
);
COMMENT ON TABLE tripwire_replay IS 'replays of tripwires: proposed, approved and computed; the greatest version counts';
COMMENT ON COLUMN tripwire_replay.sealed IS 'nsor.storage.v1.TripwireReplayRecord under the sealing keyset';
GRANT SELECT, INSERT ON tripwire_replay TO nsor_server;
