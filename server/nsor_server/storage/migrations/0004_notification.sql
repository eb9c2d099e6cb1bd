-- Notices, and the events that agencies owe each other. Only the outbox is ever deleted from: what leaves it stands in
-- agency_event from the same transaction on.

CREATE TABLE notice (
    notice_id uuid PRIMARY KEY,
    registration_id uuid NOT NULL,
    agency_id text NOT NULL REFERENCES agency,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL
);
COMMENT ON COLUMN notice.agency_id IS 'the police that took it';
COMMENT ON COLUMN notice.sealed IS 'nsor.storage.v1.NoticeRecord under the registration''s data key';
CREATE INDEX notice_registration ON notice (registration_id);

CREATE TABLE notice_decision (
    notice_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    sealed bytea NOT NULL,
    PRIMARY KEY (notice_id, version)
);
COMMENT ON TABLE notice_decision IS 'what became of notices; the greatest version counts';
COMMENT ON COLUMN notice_decision.sealed IS 'nsor.storage.v1.NoticeDecisionRecord under the registration''s data key';

-- What FIA Immigration reports of the border, of whomever. No row says whose it is, and none has an index by a number.
CREATE TABLE movement (
    movement_id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL
);
COMMENT ON COLUMN movement.sealed IS 'nsor.storage.v1.MovementRecord under the movement''s own data key';

-- Deleted by the server some days after the movement was compared with the registrations: then it opens nowhere.
CREATE TABLE movement_key (
    movement_id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    border_crossing smallint NOT NULL,
    wrapped bytea NOT NULL
);
CREATE INDEX movement_key_age ON movement_key (created_at);
CREATE INDEX movement_key_crossing ON movement_key (border_crossing, created_at);
COMMENT ON TABLE movement_key IS 'which of them are deleted the sealed records of review_time say';
COMMENT ON COLUMN movement_key.border_crossing IS 'as the seal says; each crossing has its share of a time, and no longer than the key is this known';
COMMENT ON COLUMN movement_key.wrapped IS 'the data key under the keyring';

GRANT SELECT, INSERT ON movement, movement_key TO nsor_server;
GRANT DELETE ON movement_key TO nsor_server;

-- Whoever says at a counter that he has moved there: mostly nobody of the register. No blind index stands beside the number: it would tell
-- which notices are of one person; and no row says which were of somebody who is registered.
CREATE TABLE arrival_notice (
    arrival_id uuid PRIMARY KEY,
    place text NOT NULL,
    ends_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL
);
COMMENT ON COLUMN arrival_notice.place IS 'the station that took it';
COMMENT ON COLUMN arrival_notice.ends_at IS 'until when its number is looked for';
COMMENT ON COLUMN arrival_notice.sealed IS 'nsor.storage.v1.ArrivalRecord under the notice''s own data key';
CREATE INDEX arrival_notice_ends ON arrival_notice (ends_at, arrival_id);
CREATE INDEX arrival_notice_created ON arrival_notice (created_at, arrival_id);

-- Deleted by the server some days after the number was looked for the last time, whoever had it: then the notice opens nowhere.
CREATE TABLE arrival_key (
    arrival_id uuid PRIMARY KEY,
    ends_at timestamptz NOT NULL,
    wrapped bytea NOT NULL
);
CREATE INDEX arrival_key_ends ON arrival_key (ends_at);
COMMENT ON TABLE arrival_key IS 'which of them are deleted the sealed records of review_time, and of erasures, say';
COMMENT ON COLUMN arrival_key.ends_at IS 'that of its notice';
COMMENT ON COLUMN arrival_key.wrapped IS 'the data key under the keyring';

GRANT SELECT, INSERT ON arrival_notice, arrival_key TO nsor_server;
GRANT DELETE ON arrival_key TO nsor_server;

-- Unnumbered: numbers that the causing transactions took would commit out of order, and a reader's cursor would pass
-- over the late ones.
CREATE TABLE outbox (
    event_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    recipient text NOT NULL REFERENCES agency,
    kind smallint NOT NULL,
    registration_id uuid,
    notice_id uuid,
    access_request_id uuid,
    about_agency text REFERENCES agency,
    judgment_id uuid,
    grant_id uuid,
    registration_ids bytea,
    unusual_access_ids bytea,
    places text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN outbox.kind IS 'enum nsor.v1.EventKind';
COMMENT ON COLUMN outbox.registration_ids IS 'of events of a fixed time: 16 bytes each, in order; perhaps none';
COMMENT ON COLUMN outbox.grant_id IS 'to the agency that may use it, of events of access';
COMMENT ON COLUMN outbox.unusual_access_ids IS 'of events of the times for tripwires: likewise';
COMMENT ON COLUMN outbox.about_agency IS 'of events that are about an agency, and about no record';
COMMENT ON COLUMN outbox.places IS 'codes by which the recipient was found; a consumer hears the events of its places';
CREATE INDEX outbox_order ON outbox (created_at, event_id);

CREATE TABLE agency_event (
    agency_id text NOT NULL REFERENCES agency,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    event_id uuid NOT NULL,
    kind smallint NOT NULL,
    registration_id uuid,
    notice_id uuid,
    access_request_id uuid,
    about_agency text REFERENCES agency,
    judgment_id uuid,
    grant_id uuid,
    registration_ids bytea,
    unusual_access_ids bytea,
    places text[] NOT NULL DEFAULT '{}',
    event_time timestamptz NOT NULL,
    record_index bigint,
    record_ordinal smallint,
    PRIMARY KEY (agency_id, sequence),
    UNIQUE (agency_id, event_id)
);
COMMENT ON COLUMN agency_event.sequence IS 'within the agency from 1, without gaps; given by the deliverer';
-- Usually there are none: those are found behind a seal of the register without reading all others.
CREATE INDEX agency_event_without_place ON agency_event (agency_id, sequence) WHERE record_index IS NULL;
COMMENT ON COLUMN agency_event.record_index IS 'where ledger_record has it: records of one time stand together there, ids are anywhere';

CREATE TABLE event_acknowledgement (
    agency_id text NOT NULL REFERENCES agency,
    through_sequence bigint NOT NULL CHECK (through_sequence >= 1),
    acknowledged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agency_id, through_sequence)
);

-- Which of its agency's events a consumer hears, by numbers of its own. It follows from the consumer's row, and verification
-- makes it again.
CREATE TABLE consumer_event (
    consumer_id uuid NOT NULL REFERENCES event_consumer,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    agency_id text NOT NULL,
    agency_sequence bigint NOT NULL,
    PRIMARY KEY (consumer_id, sequence),
    UNIQUE (consumer_id, agency_sequence),
    FOREIGN KEY (agency_id, agency_sequence) REFERENCES agency_event
);
COMMENT ON COLUMN consumer_event.sequence IS 'within the consumer from 1, without gaps; given by the deliverer';

CREATE TABLE consumer_acknowledgement (
    consumer_id uuid NOT NULL REFERENCES event_consumer,
    through_sequence bigint NOT NULL CHECK (through_sequence >= 1),
    acknowledged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer_id, through_sequence)
);

GRANT SELECT, INSERT ON notice, notice_decision, outbox, agency_event, event_acknowledgement, consumer_event,
    consumer_acknowledgement TO nsor_server;
GRANT DELETE ON outbox TO nsor_server;
