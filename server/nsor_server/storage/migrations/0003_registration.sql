-- Registrations: versions that are only ever added, and a data key for each registration. No column names a person; the
-- sealed record does, and repeats the columns that stand beside it.
CREATE TABLE registration_version (
    registration_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    state smallint NOT NULL,
    responsible_place text NOT NULL CHECK (responsible_place <> ''),
    custodian_agency text NOT NULL,
    created_by_agency text NOT NULL,
    court_places text[] NOT NULL,
    in_look_ups boolean NOT NULL,
    receiving_agency text NOT NULL,
    release_places text[] NOT NULL,
    release_day integer,
    transfer_places text[] NOT NULL,
    transfer_first_day integer,
    transfer_last_day integer,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL,
    PRIMARY KEY (registration_id, version),
    CHECK (cardinality(transfer_places) <= 1 AND responsible_place <> ALL (transfer_places))
);
CREATE INDEX registration_version_hidden ON registration_version (registration_id) WHERE state > 2;
COMMENT ON INDEX registration_version_hidden IS 'those that nobody was shown once: they may stand again';
COMMENT ON TABLE registration_version IS 'the head is the greatest version: ORDER BY version DESC LIMIT 1 on the key';
COMMENT ON COLUMN registration_version.state IS 'enum nsor.v1.RegistrationState';
COMMENT ON COLUMN registration_version.responsible_place IS 'the place whose police are responsible';
COMMENT ON COLUMN registration_version.custodian_agency IS 'the prisons department in charge, or empty';
COMMENT ON COLUMN registration_version.court_places IS 'places of the courts of convictions that stand or wait, sorted, each once';
COMMENT ON COLUMN registration_version.in_look_ups IS 'a look-up may show it: a count of an adult stands in a confirmed conviction';
COMMENT ON COLUMN registration_version.receiving_agency IS 'the prisons department that is to admit the person, or has just let the person go, or empty';
COMMENT ON COLUMN registration_version.release_places IS 'the place of the address after release, until its police have taken the person on';
COMMENT ON COLUMN registration_version.release_day IS 'day of a release that is expected or that nobody has taken on yet, as a number of days since 1970';
COMMENT ON COLUMN registration_version.transfer_places IS 'the place that an open transfer of responsibility leads to, or nothing: a registration has one at most';
COMMENT ON COLUMN registration_version.transfer_first_day IS 'day on which the first time of that transfer ends, as a number of days since 1970';
COMMENT ON COLUMN registration_version.transfer_last_day IS 'the same of its last time';
COMMENT ON COLUMN registration_version.created_at IS 'when this version was written';
COMMENT ON COLUMN registration_version.sealed IS 'nsor.storage.v1.RegistrationRecord under the registration''s data key';

CREATE INDEX registration_version_release ON registration_version (release_day) WHERE release_day IS NOT NULL;
CREATE INDEX registration_version_transfer ON registration_version (transfer_last_day, transfer_first_day)
WHERE transfer_last_day IS NOT NULL;

-- At no instant has a registration no responsible station, and none gets another one by itself. The first version names one; a later
-- one names that of the version before, or the place of the transfer that was open in it and is open no more, or that of an accepted
-- release, or takes such a release back. So the acceptance of a transfer and the version that names the new place are one row.
CREATE FUNCTION registration_stays_responsible() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    place_before text;
    transfer_before text[];
    release_before text[];
BEGIN
    IF NEW.version = 1 THEN
        IF NEW.transfer_places <> '{}' THEN
            RAISE EXCEPTION 'registration_version: a first version has a transfer' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT responsible_place, transfer_places, release_places INTO place_before, transfer_before, release_before
    FROM public.registration_version
    WHERE registration_id = NEW.registration_id AND version = NEW.version - 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'registration_version: there is no version before' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.responsible_place <> place_before
        AND NOT (NEW.responsible_place = ANY (transfer_before) AND NEW.transfer_places = '{}')
        AND NEW.responsible_place <> ALL (release_before)
        AND place_before <> ALL (NEW.release_places)
    THEN
        RAISE EXCEPTION 'registration_version: nobody has taken the responsibility on' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION registration_stays_responsible IS 'a version names the responsible place of the one before, or one that has taken the person on';
CREATE TRIGGER registration_stays_responsible BEFORE INSERT ON registration_version
FOR EACH ROW EXECUTE FUNCTION registration_stays_responsible();

-- No foreign keys from here or to here: erasure deletes the key, and the history that it makes unreadable stays.
CREATE TABLE registration_key (
    registration_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL
);
COMMENT ON COLUMN registration_key.wrapped IS 'the data key under the keyring; rotation, by the owner, wraps it anew';

GRANT SELECT, INSERT ON registration_version, registration_key TO nsor_server;

-- What there is to do with registrations: state that follows from their newest versions, changed in place. It names nobody; what a
-- worklist shows is read from the version, which has to say the same.
CREATE TABLE registration_work (
    subject_id uuid NOT NULL,
    part smallint NOT NULL,
    registration_id uuid NOT NULL,
    kind smallint NOT NULL,
    agency text NOT NULL,
    place text NOT NULL,
    court_kind smallint NOT NULL,
    since_us bigint NOT NULL,
    PRIMARY KEY (registration_id, subject_id, part)
);
CREATE INDEX registration_work_open ON registration_work (kind, agency, place, court_kind, since_us, subject_id)
WHERE kind > 0;
CREATE INDEX registration_work_step ON registration_work (since_us, registration_id, subject_id) WHERE kind = 202;
COMMENT ON INDEX registration_work_step IS 'steps of escalation in the order in which they fall due; of one instant in that in which they are counted';
CREATE INDEX registration_work_duties ON registration_work (registration_id) WHERE part = 180;
COMMENT ON INDEX registration_work_duties IS 'who has or had a duty: what another policy counts anew, in this order';
COMMENT ON COLUMN registration_work.subject_id IS 'a conviction, the registration, or a decision of NPB that waits for its second officer';
COMMENT ON COLUMN registration_work.part IS 'a subject has one work of each part at a time; 0: of a conviction; from 200 on of a decision; the others of a registration';
COMMENT ON COLUMN registration_work.kind IS 'enum nsor.v1.WorkKind; 160 to 162: a transfer of responsibility; 200: a decision of NPB waits for its second officer; 201: an open duty; 202: its next step of escalation; 0: nothing is to be done any more';
COMMENT ON COLUMN registration_work.agency IS 'the prosecution or the prisons department that has to do it, or empty';
COMMENT ON COLUMN registration_work.place IS 'of the court that it is for, or that whose police have to do it, or empty';
COMMENT ON COLUMN registration_work.court_kind IS 'enum nsor.v1.CourtKind of that court; 0: none has to do with it';
COMMENT ON COLUMN registration_work.since_us IS 'when it began, microseconds since 1970: from it its deadline is counted';

GRANT SELECT, INSERT, UPDATE ON registration_work TO nsor_server;

-- How far open duties have been counted by a policy that is new: a row with each entry that has counted some. The greatest
-- number says where to go on, also after a start.
CREATE TABLE duty_count (
    number integer PRIMARY KEY CHECK (number >= 1),
    duties bigint NOT NULL,
    deadlines bigint NOT NULL,
    holidays bigint NOT NULL,
    again boolean NOT NULL,
    place uuid NOT NULL,
    ended boolean NOT NULL,
    size bigint NOT NULL,
    counted_us bigint NOT NULL
);
COMMENT ON COLUMN duty_count.duties IS 'versions of the documents of the policy, as in policy_version';
COMMENT ON COLUMN duty_count.again IS 'what calls of the policy before may have written meanwhile is counted once more';
COMMENT ON COLUMN duty_count.place IS 'the registration up to which those in the order of their ids were counted';
COMMENT ON COLUMN duty_count.ended IS 'there was none behind it';
COMMENT ON COLUMN duty_count.size IS 'how many entries the ledger had before they were read';
COMMENT ON COLUMN duty_count.counted_us IS 'by which instant they were counted, microseconds since 1970';

GRANT SELECT, INSERT ON duty_count TO nsor_server;

-- Imports: what became of each row, 25 row numbers to a block. A message that stores something of a block adds a
-- version with all that is known of it, so that the newest says everything.
CREATE TABLE import_block (
    block_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    agency_id text NOT NULL,
    import_id uuid NOT NULL,
    block integer NOT NULL CHECK (block >= 0),
    sealed bytea NOT NULL,
    PRIMARY KEY (block_id, version)
);
CREATE INDEX import_block_in_order ON import_block (agency_id, import_id, block, version DESC);
COMMENT ON COLUMN import_block.block_id IS 'the first half of a hash of agency, import and block';
COMMENT ON COLUMN import_block.sealed IS 'nsor.storage.v1.ImportBlockRecord';

GRANT SELECT, INSERT ON import_block TO nsor_server;
-- Photos and what was decided on them: each row is added once. The picture is sealed apart, so that a list opens none.
CREATE TABLE registration_photo (
    photo_id uuid PRIMARY KEY,
    registration_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    sealed bytea NOT NULL,
    picture bytea STORAGE EXTERNAL NOT NULL
);
CREATE INDEX registration_photo_registration ON registration_photo (registration_id, created_at);
COMMENT ON COLUMN registration_photo.sealed IS 'nsor.storage.v1.PhotoRecord under the registration''s data key';
COMMENT ON COLUMN registration_photo.picture IS 'a JPEG under the registration''s data key; its SHA-256 is in the record';

CREATE TABLE registration_photo_decision (
    photo_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    sealed bytea NOT NULL,
    PRIMARY KEY (photo_id, version)
);
COMMENT ON TABLE registration_photo_decision IS 'the greatest version counts; a photo without one is only added';
COMMENT ON COLUMN registration_photo_decision.sealed
IS 'nsor.storage.v1.PhotoDecisionRecord under the registration''s data key';

GRANT SELECT, INSERT ON registration_photo, registration_photo_decision TO nsor_server;

-- Proposed amendments, and what the owner has decided on each: rows of their own, so that a record is what it was until then.
CREATE TABLE registration_amendment (
    amendment_id uuid PRIMARY KEY,
    registration_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX registration_amendment_registration ON registration_amendment (registration_id, created_at);
COMMENT ON COLUMN registration_amendment.sealed IS 'nsor.storage.v1.AmendmentRecord under the registration''s data key';

CREATE TABLE registration_amendment_decision (
    amendment_id uuid PRIMARY KEY,
    sealed bytea NOT NULL
);
COMMENT ON COLUMN registration_amendment_decision.sealed
IS 'nsor.storage.v1.AmendmentDecisionRecord under the registration''s data key';

GRANT SELECT, INSERT ON registration_amendment, registration_amendment_decision TO nsor_server;
-- Persons whom NADRA is handed to check. An item is written with every question of an officer, also when nobody waited, and never changed.
CREATE TABLE identity_item (
    item_id uuid PRIMARY KEY,
    agency_id text NOT NULL,
    holder uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    registration_id uuid,
    version integer NOT NULL,
    lease_until_us bigint NOT NULL,
    sealed bytea NOT NULL,
    UNIQUE (holder, number)
);
CREATE INDEX identity_item_registration ON identity_item (registration_id, lease_until_us);
COMMENT ON COLUMN identity_item.item_id IS 'the handle: 16 random bytes';
COMMENT ON COLUMN identity_item.holder IS 'keyed hash of the officer''s agency and number';
COMMENT ON COLUMN identity_item.number IS 'of the officer''s items, from 1 without gaps';
COMMENT ON COLUMN identity_item.registration_id IS 'NULL: nobody waited';
COMMENT ON COLUMN identity_item.lease_until_us IS 'until when nobody else is handed the person, microseconds since 1970';
COMMENT ON COLUMN identity_item.sealed IS 'nsor.storage.v1.IdentityItemRecord under the sealing keyset';

-- Who waits for NADRA: state, as each registration's newest version says it.
CREATE TABLE identity_queue (
    registration_id uuid PRIMARY KEY,
    waits boolean NOT NULL
);
CREATE INDEX identity_queue_waiting ON identity_queue (registration_id) WHERE waits;

GRANT SELECT, INSERT ON identity_item TO nsor_server;
GRANT SELECT, INSERT, UPDATE ON identity_queue TO nsor_server;

-- Judgments about convictions. They name the trial, and are found by it; whether there is such a conviction stands nowhere here.
CREATE TABLE judgment_version (
    judgment_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    state smallint NOT NULL,
    agency_id text NOT NULL,
    court_place text NOT NULL,
    due_us bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL,
    PRIMARY KEY (judgment_id, version)
);
COMMENT ON COLUMN judgment_version.state IS 'enum nsor.v1.JudgmentState';
COMMENT ON COLUMN judgment_version.agency_id IS 'the agency that recorded it';
COMMENT ON COLUMN judgment_version.court_place IS 'place of the court that convicted';
COMMENT ON COLUMN judgment_version.due_us IS 'by when a registry has to confirm it, microseconds since 1970; 0: it recorded it itself';
COMMENT ON COLUMN judgment_version.sealed IS 'nsor.storage.v1.JudgmentRecord under the sealing keyset';

CREATE INDEX judgment_version_due ON judgment_version (due_us) WHERE due_us > 0 AND version = 1;

CREATE TABLE judgment_trial (
    judgment_id uuid NOT NULL,
    key_id bigint NOT NULL,
    blind bytea NOT NULL CHECK (octet_length(blind) = 32),
    PRIMARY KEY (blind, judgment_id)
);
COMMENT ON TABLE judgment_trial IS 'blind index of the trial that each judgment is about: court, case number, day of the judgment';
COMMENT ON COLUMN judgment_trial.key_id IS 'id of the key of the blind index, an unsigned 32-bit number';

GRANT SELECT, INSERT ON judgment_version, judgment_trial TO nsor_server;

CREATE TABLE sealed_reading (
    sealed_reading_id uuid NOT NULL,
    version integer NOT NULL CHECK (version IN (1, 2, 3)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealed bytea NOT NULL,
    PRIMARY KEY (sealed_reading_id, version)
);
COMMENT ON TABLE sealed_reading IS 'readings of sealed registrations: proposed, then confirmed by a second officer, or withdrawn or refused';
COMMENT ON COLUMN sealed_reading.sealed IS 'nsor.storage.v1.SealedReadingRecord under the sealing keyset';

GRANT SELECT, INSERT ON sealed_reading TO nsor_server;
