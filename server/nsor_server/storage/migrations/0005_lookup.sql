-- Access requests; grants, tickets and opened court cases; and the look-ups that were made. Insert-only. Suspects are not convicted, so nothing
-- here says who they are, not even as a blind index: their CNICs are inside the seals only.

CREATE TABLE access_request_version (
    access_request_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    state smallint NOT NULL,
    agency_id text NOT NULL,
    place text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL,
    PRIMARY KEY (access_request_id, version)
);
COMMENT ON COLUMN access_request_version.state IS 'enum nsor.v1.AccessRequestState';
COMMENT ON COLUMN access_request_version.agency_id IS 'the agency that asks';
COMMENT ON COLUMN access_request_version.place IS 'the district of the FIR, whose prosecution decides, and a keyed hash of its police station';
COMMENT ON COLUMN access_request_version.created_at IS 'when this version was written; nothing is decided by it';
COMMENT ON COLUMN access_request_version.sealed IS 'nsor.storage.v1.AccessRequestRecord under the sealing keyset';

-- Where each access request stands in the lists: state that follows from its newest version, changed in place. A list reads the version
-- too, which has to say the same.
CREATE TABLE access_request_work (
    access_request_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    place text NOT NULL,
    state smallint NOT NULL,
    order_us bigint NOT NULL,
    officer uuid NOT NULL,
    fir uuid NOT NULL,
    created_us bigint NOT NULL,
    juvenile_us bigint NOT NULL
);
COMMENT ON COLUMN access_request_work.place IS 'as in access_request_version';
COMMENT ON COLUMN access_request_work.state IS 'enum nsor.v1.AccessRequestState';
COMMENT ON COLUMN access_request_work.order_us IS 'of one that waits by when it must be decided, microseconds since 1970; of another one, below 0, when it was: the last one comes first';
COMMENT ON COLUMN access_request_work.officer IS 'keyed hash of the agency and the number of the officer who asks: he finds his own, and a dump names nobody';
-- By unit (PK-PB), district (PK-PB/LHR) and station: a page of a place of each kind reads what it shows, however many stations lie within.
-- With the place itself, so that ledger verify can read each index without its table.
CREATE INDEX access_request_work_of_unit ON access_request_work (left(place, 5), agency_id, state, order_us, access_request_id)
INCLUDE (place);
CREATE INDEX access_request_work_of_district ON access_request_work (left(place, 9), agency_id, state, order_us, access_request_id)
INCLUDE (place);
CREATE INDEX access_request_work_of_station ON access_request_work (place, agency_id, state, order_us, access_request_id);
COMMENT ON COLUMN access_request_work.fir IS 'keyed hash of the agency and the FIR: what it has asked for this FIR before';
COMMENT ON COLUMN access_request_work.created_us IS 'when it was made, microseconds since 1970';
CREATE INDEX access_request_work_fir ON access_request_work (fir, created_us DESC, access_request_id DESC);
COMMENT ON COLUMN access_request_work.juvenile_us IS 'by when NPB must decide of juveniles'' records, microseconds since 1970; 0: it has nothing to decide';
CREATE INDEX access_request_work_due ON access_request_work (order_us, access_request_id) WHERE state = 1;
-- With the state itself, so that ledger verify can read the index without its table.
CREATE INDEX access_request_work_juvenile ON access_request_work (((state <> 1)::integer), order_us, access_request_id)
INCLUDE (state) WHERE juvenile_us > 0;
CREATE INDEX access_request_work_own ON access_request_work (officer, state, order_us, access_request_id);

-- Which step of escalation falls due next of each access request that waits: state, changed in place. Which ones were told is history.
CREATE TABLE access_request_watch (
    access_request_id uuid PRIMARY KEY,
    next_step_us bigint
);
COMMENT ON COLUMN access_request_watch.next_step_us IS 'when, microseconds since 1970; NULL: it is decided, or all was told';
CREATE INDEX access_request_watch_due ON access_request_watch (next_step_us, access_request_id) WHERE next_step_us IS NOT NULL;

CREATE TABLE access_request_step (
    access_request_id uuid NOT NULL,
    step smallint NOT NULL CHECK (step >= 1),
    told_at timestamptz NOT NULL,
    PRIMARY KEY (access_request_id, step)
);
COMMENT ON TABLE access_request_step IS 'steps of escalation that were told of access requests that nobody had decided';
COMMENT ON COLUMN access_request_step.step IS 'the last one that was told then, of those in the sealed request, from 1';

CREATE TABLE access_grant (
    grant_id uuid PRIMARY KEY,
    access_request_id uuid UNIQUE,
    agency_id text NOT NULL,
    opened_by_agency text NOT NULL,
    places text[] NOT NULL,
    expires_at timestamptz NOT NULL,
    case_blinds bytea NOT NULL CHECK (octet_length(case_blinds) % 32 = 0),
    juvenile boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL
);
COMMENT ON TABLE access_grant IS 'who may look up named persons: a prosecutor''s grants, tickets of NPB, cases that a court has opened';
COMMENT ON COLUMN access_grant.access_request_id IS 'of a prosecutor''s grant; NULL for a ticket and a court case';
COMMENT ON COLUMN access_grant.agency_id IS 'the agency it was granted to';
COMMENT ON COLUMN access_grant.opened_by_agency IS 'the agency of who granted or opened it, whose officers may withdraw it';
COMMENT ON COLUMN access_grant.places IS 'where an officer must act to list or withdraw it: at one of them; the FIR''s place as in access_request_version, the court''s place, or where a ticket''s opener acts';
COMMENT ON COLUMN access_grant.case_blinds IS 'blind index of the FIR or the court''s case under each key that was live, 32 bytes each; empty for a ticket';
COMMENT ON COLUMN access_grant.juvenile IS 'its prosecutor lets juveniles'' records be shown, if NPB allows it: then access_grant_juvenile has a row';
COMMENT ON COLUMN access_grant.sealed IS 'nsor.storage.v1.GrantRecord under the sealing keyset';

CREATE INDEX access_grant_opened ON access_grant (opened_by_agency, expires_at, grant_id);

CREATE TABLE access_grant_withdrawal (
    grant_id uuid PRIMARY KEY REFERENCES access_grant,
    agency_id text NOT NULL,
    withdrawn_by bytea NOT NULL,
    of_colleague boolean NOT NULL,
    withdrawn_at timestamptz NOT NULL
);
COMMENT ON TABLE access_grant_withdrawal IS 'grants, tickets and opened cases that count no more';
COMMENT ON COLUMN access_grant_withdrawal.agency_id IS 'the agency that granted or opened it';
COMMENT ON COLUMN access_grant_withdrawal.withdrawn_by IS 'key id of the officer who withdrew it';
COMMENT ON COLUMN access_grant_withdrawal.of_colleague IS 'whether another officer than who withdrew it had granted or opened it';
CREATE INDEX access_grant_withdrawal_by ON access_grant_withdrawal (withdrawn_by);

CREATE TABLE access_grant_holder (
    grant_id uuid NOT NULL REFERENCES access_grant,
    version integer NOT NULL CHECK (version >= 1),
    officer_key bytea NOT NULL,
    passed_by bytea NOT NULL,
    passed_at timestamptz NOT NULL,
    PRIMARY KEY (grant_id, version)
);
COMMENT ON TABLE access_grant_holder IS 'to whom a prosecutor''s grant was passed; the greatest version counts';
COMMENT ON COLUMN access_grant_holder.officer_key IS 'key id of the officer who alone may use it from then on';
COMMENT ON COLUMN access_grant_holder.passed_by IS 'key id of the officer who signed';

-- No foreign key: a grant that NPB has allowed it of before is added with its row in one statement.
CREATE TABLE access_grant_juvenile (
    grant_id uuid PRIMARY KEY,
    allowed_by bytea NOT NULL,
    allowed_at timestamptz NOT NULL
);
COMMENT ON TABLE access_grant_juvenile IS 'prosecutors'' grants on which NPB lets juveniles'' records be shown, whether or not there are any';
COMMENT ON COLUMN access_grant_juvenile.allowed_by IS 'key id of the officer of NPB who signed';

-- One row per look-up that was answered. Its request_id makes it repeatable; on a grant it is also a use of the grant.
-- Written only under the ledger head's lock. No foreign key: its check would be one more query per look-up, and a grant,
-- once read, cannot go away.
CREATE TABLE look_up (
    request_id uuid NOT NULL,
    request_hash uuid NOT NULL,
    access_id uuid NOT NULL,
    grant_id uuid,
    subject smallint CHECK (subject >= 0),
    use smallint CHECK (use >= 1),
    answered_us bigint NOT NULL,
    agency_id text NOT NULL,
    PRIMARY KEY (request_id, agency_id),
    CHECK (num_nulls(grant_id, subject, use) IN (0, 3))
);
-- A plain hash would confirm a guessed CNIC to whoever has a dump: all else in the request stands in this row.
COMMENT ON COLUMN look_up.request_hash IS 'hash of the keyed hash of agency, request id and request, and of answered_us, 16 bytes';
COMMENT ON COLUMN look_up.answered_us IS 'when it was answered first, as in the leaf of its access: microseconds since 1970';
COMMENT ON COLUMN look_up.subject IS 'position of the CNIC in the sealed grant';
COMMENT ON COLUMN look_up.use IS 'first, second, ... use of the grant for this subject';
CREATE UNIQUE INDEX look_up_use ON look_up (grant_id, subject, use) WHERE grant_id IS NOT NULL;

-- Uses that were given back: a look-up was answered "no record", and the person has come to stand since. Insert-only.
CREATE TABLE look_up_return (
    access_id uuid PRIMARY KEY,
    grant_id uuid NOT NULL,
    subject smallint NOT NULL CHECK (subject >= 0)
);
COMMENT ON TABLE look_up_return IS 'uses of grants that were given back, by the access that used them: it had said that there is no record';
COMMENT ON COLUMN look_up_return.subject IS 'as in look_up';
CREATE INDEX look_up_return_grant ON look_up_return (grant_id);

-- The look-up's own fixed times. One row each, whatever there is.
CREATE TABLE look_up_time (
    look_up_time_id uuid NOT NULL UNIQUE,
    number bigint PRIMARY KEY CHECK (number >= 1),
    due_at timestamptz NOT NULL UNIQUE,
    looked_to bigint NOT NULL
);
COMMENT ON COLUMN look_up_time.looked_to IS 'the last entry by which somebody has come to stand who was compared with whom grants name';

GRANT SELECT, INSERT ON look_up_return, look_up_time TO nsor_server;
GRANT SELECT, INSERT, UPDATE ON access_request_work, access_request_watch TO nsor_server;
GRANT SELECT, INSERT ON access_request_step TO nsor_server;
GRANT SELECT, INSERT ON access_request_version, access_grant, access_grant_withdrawal, access_grant_holder, access_grant_juvenile, look_up TO nsor_server;
