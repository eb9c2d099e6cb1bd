-- What a registration claims once a court has confirmed it: the person's identifiers, its cases, and whether an earlier one has
-- an identifier already. Nothing stands here of what no court has confirmed: it claims nothing, and nobody finds it.

CREATE TABLE registration_identifier (
    registration_id uuid NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    PRIMARY KEY (kind, key_id, blind, registration_id, version)
);
CREATE INDEX registration_identifier_later ON registration_identifier (registration_id) WHERE version > 1;
COMMENT ON COLUMN registration_identifier.kind IS 'enum nsor.v1.IdentifierKind';
COMMENT ON COLUMN registration_identifier.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

COMMENT ON COLUMN registration_identifier.version IS 'version of the claim by which it was claimed';

-- Identifiers that an amendment took away: they find nobody and hold nobody back, but where they were claimed again since.
CREATE TABLE registration_identifier_withdrawal (
    registration_id uuid NOT NULL,
    kind smallint NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL,
    version integer NOT NULL CHECK (version > 1),
    PRIMARY KEY (registration_id, kind, key_id, blind, version)
);
COMMENT ON TABLE registration_identifier_withdrawal IS 'counts against rows of registration_identifier with an earlier version';
COMMENT ON COLUMN registration_identifier_withdrawal.version IS 'version of the claim that is without it';

GRANT SELECT, INSERT ON registration_identifier_withdrawal TO nsor_server;

-- A look-up that rests on a case finds the registrations of that case here, and touches no others.
CREATE TABLE registration_case (
    registration_id uuid NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    PRIMARY KEY (blind, registration_id)
);
COMMENT ON TABLE registration_case IS 'FIRs and court cases of a registration''s convictions';
COMMENT ON COLUMN registration_case.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

-- One row with every confirmation, whatever there is: its work, its rows and its leaf don't tell of a collision. A later version
-- is NPB's decision, or follows at a time for reviews from what has become of the others.
CREATE TABLE registration_claim (
    registration_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    cnic_held boolean NOT NULL,
    passport_held boolean NOT NULL,
    person bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (registration_id, version)
);
CREATE INDEX registration_claim_held ON registration_claim (registration_id) WHERE cnic_held OR passport_held;
COMMENT ON COLUMN registration_claim.cnic_held IS 'an earlier confirmed registration has the CNIC: shown on its own case alone';
COMMENT ON COLUMN registration_claim.passport_held IS 'an earlier confirmed registration has one of the passports';
COMMENT ON COLUMN registration_claim.person IS 'the registrations of one person by NPB''s decision, 16 bytes each; empty: it stands alone';
COMMENT ON COLUMN registration_claim.sealed IS 'nsor.storage.v1.ClaimRecord under the registration''s data key';

-- Reviews are written at fixed times, as one entry whatever there is: otherwise the tree's growth would tell whoever causes one.
CREATE TABLE review_time (
    review_time_id uuid PRIMARY KEY,
    number bigint NOT NULL UNIQUE CHECK (number >= 1),
    due_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN review_time.number IS 'from 1, without gaps';
COMMENT ON COLUMN review_time.due_at IS 'the fixed time; times that were missed are one with the next';
COMMENT ON COLUMN review_time.sealed IS 'nsor.storage.v1.ReviewTimeRecord under the sealing keyset';

CREATE TABLE registration_review (
    number bigint PRIMARY KEY CHECK (number >= 1),
    review_time bigint NOT NULL,
    registration_id uuid NOT NULL,
    earlier_registration_id uuid NOT NULL,
    kind smallint NOT NULL
);
CREATE INDEX registration_review_registration ON registration_review (registration_id);
CREATE INDEX registration_review_time ON registration_review (review_time);
COMMENT ON TABLE registration_review IS 'what the sealed records of review_time say, for NPB''s list';
COMMENT ON COLUMN registration_review.review_time IS 'number of the time at which it was written';
COMMENT ON COLUMN registration_review.kind IS 'enum nsor.v1.IdentifierKind; 0: a likely duplicate';

-- How far NPB is with a review: proposals and confirmations, each a version.
CREATE TABLE review_decision (
    decision_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    review_number bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (decision_id, version),
    UNIQUE (review_number, version)
);
COMMENT ON TABLE review_decision IS 'the greatest version of a review counts; a review without one is open';
COMMENT ON COLUMN review_decision.decision_id IS 'one for all versions of a review';
COMMENT ON COLUMN review_decision.sealed IS 'nsor.storage.v1.ReviewDecisionRecord under the sealing keyset';

GRANT SELECT, INSERT ON
    registration_identifier, registration_case, registration_claim, review_time, registration_review,
    review_decision
TO nsor_server;

-- Corrections that persons ask for at a station. A request writes one row whatever there is; what it met belongs to a time for reviews.
CREATE TABLE correction_request (
    correction_request_id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL
);
CREATE INDEX correction_request_created ON correction_request (created_at);
COMMENT ON COLUMN correction_request.sealed IS 'nsor.storage.v1.CorrectionRequestRecord under the sealing keyset';

CREATE TABLE correction_met (
    correction_id uuid PRIMARY KEY,
    correction_request_id uuid NOT NULL,
    registration_id uuid NOT NULL,
    review_time bigint NOT NULL
);
CREATE INDEX correction_met_registration ON correction_met (registration_id, review_time);
COMMENT ON TABLE correction_met IS 'what the sealed records of review_time say, for the owner''s list';

CREATE TABLE correction_decision (
    correction_id uuid PRIMARY KEY,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN correction_decision.sealed
IS 'nsor.storage.v1.CorrectionDecisionRecord under the registration''s data key';

GRANT SELECT, INSERT ON correction_request, correction_met, correction_decision TO nsor_server;

-- When a record has to be looked at again: a row with its first confirmation, and one each time that its owner has done so.
CREATE TABLE registration_validation (
    registration_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    due_us bigint NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (registration_id, version)
);
CREATE INDEX registration_validation_due ON registration_validation (due_us, registration_id);
COMMENT ON TABLE registration_validation IS 'the greatest version counts';
COMMENT ON COLUMN registration_validation.due_us IS 'by when the owner has to look at the record again, microseconds since 1970';
COMMENT ON COLUMN registration_validation.sealed
IS 'nsor.storage.v1.ValidationRecord under the registration''s data key';

GRANT SELECT, INSERT ON registration_validation TO nsor_server;

-- What two officers of NPB decide of how a record ends.
CREATE TABLE closure_version (
    closure_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    sealed bytea NOT NULL,
    PRIMARY KEY (closure_id, version)
);
COMMENT ON TABLE closure_version IS 'version 1 was proposed, version 2 confirmed, version 3 withdrawn or refused';
COMMENT ON COLUMN closure_version.sealed IS 'nsor.storage.v1.ClosureRecord under the sealing keyset';

GRANT SELECT, INSERT ON closure_version TO nsor_server;

-- What was destroyed of registrations that should never have been made, by nsor-server erase.
CREATE TABLE erasure_version (
    closure_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    sealed bytea NOT NULL,
    PRIMARY KEY (closure_id, version)
);
COMMENT ON TABLE erasure_version IS 'version 1: the key is destroyed; version 2: the last backup that held it has expired';
COMMENT ON COLUMN erasure_version.sealed IS 'nsor.storage.v1.ErasureRecord under the sealing keyset';

GRANT SELECT ON erasure_version TO nsor_server;
