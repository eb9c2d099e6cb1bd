"""The photos' part of RegistrationService. No SQL, no law, and no decoding: that is done by a process apart."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from nsor.v1 import errors_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.confined.process import Unavailable
from nsor_server.formats.instants import set_day, set_us, to_day, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.images.photos import Photos, Refused
from nsor_server.images.wire import Answer
from nsor_server.registration import record as records
from nsor_server.registration import rules as owners
from nsor_server.registration import shown
from nsor_server.registration import store as registrations
from nsor_server.registration.photos import rules, store
from nsor_server.registration.recalls import orders
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2

_SIZES = frozenset({Answer.TOO_LARGE, Answer.TOO_SMALL})


class _Owned(NamedTuple):
    """A photo of a registration that the caller owns."""

    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey
    photo: store.Photo


class PhotoService:
    """Adds, confirms, rejects, lists and shows photos."""

    def __init__(self, sealer: Sealer, photos: Photos) -> None:
        """``photos`` decodes them."""
        self._sealer = sealer
        self._photos = photos

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                registration_pb2.AddPhotoRequest,
                registration_pb2.AddPhotoResponse,
                self.add_photo,
                lambda call, request, conn: (registrations.seen(self._head(call, request.registration_id, conn)[0]),),
                charge=lambda request: Charge(request.registration_id),
                rehearsal_costs=True,
            ),
            Unary(
                registration_pb2.ConfirmPhotoRequest,
                registration_pb2.ConfirmPhotoResponse,
                self.confirm_photo,
                lambda call, request, conn: (registrations.seen(self._to_confirm(call, request, conn)[0]),),
            ),
            Unary(
                registration_pb2.RejectPhotoRequest,
                registration_pb2.RejectPhotoResponse,
                self.reject_photo,
                lambda call, request, conn: (registrations.seen(self._to_reject(call, request, conn)[0]),),
            ),
            Unary(
                registration_pb2.ListPhotosRequest,
                registration_pb2.ListPhotosResponse,
                self.list_photos,
                charge=lambda request: Charge(request.registration_id),
            ),
            Unary(
                registration_pb2.GetPhotoRequest,
                registration_pb2.GetPhotoResponse,
                self.get_photo,
                charge=lambda request: Charge(request.registration_id),
            ),
        )

    def add_photo(
        self, call: Call, request: registration_pb2.AddPhotoRequest, conn: Connection
    ) -> Outcome[registration_pb2.AddPhotoResponse]:
        """Add a photo. It is decoded first, so that the time of that doesn't tell whether there is a record."""
        pixels = self._decoded(request.file)
        if request.validate_only:
            return Outcome(registration_pb2.AddPhotoResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        known = store.count(conn, row.registration_id)
        found = store.of_registration(conn, key, row.registration_id, rules.MOST_EVER)
        if not rules.has_room(call.agency, [(each.state, each.record.agency) for each in found], known.version):
            raise errors.WrongState(errors_pb2.ERROR_REASON_TOO_MANY_PHOTOS)
        photo = record_pb2.PhotoRecord(
            photo_id=uuid.uuid4().bytes,
            registration_id=row.registration_id,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            taken_day=to_day(request.taken_date),
        )
        added, ref = store.photo_rows(key, photo, pixels, call.now())
        return Outcome(
            disclose(registration_pb2.AddPhotoResponse(photo_id=text(photo.photo_id)), call.purpose),
            _detail(call, "PHOTO_ADDED", record, photo.photo_id),
            (added,),
            (ref,),
            (registrations.seen(row), known, *(each.seen for each in found)),
        )

    def confirm_photo(
        self, call: Call, request: registration_pb2.ConfirmPhotoRequest, conn: Connection
    ) -> Outcome[registration_pb2.ConfirmPhotoResponse]:
        """Confirm a photo; a second officer of the owner does.

        Raises:
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it is decided already, or a compromised key has added it.
        """
        if request.validate_only:
            return Outcome(registration_pb2.ConfirmPhotoResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record, key, photo = self._to_confirm(call, request, conn)
        confirmed = registration_pb2.PHOTO_STATE_CONFIRMED
        decided, ref = store.decision_rows(key, _decision(call, photo, confirmed))
        return Outcome(
            disclose(registration_pb2.ConfirmPhotoResponse(state=confirmed), call.purpose),
            _detail(call, "PHOTO_CONFIRMED", record, photo.record.photo_id),
            (decided,),
            (ref,),
            (registrations.seen(row), photo.seen),
        )

    def reject_photo(
        self, call: Call, request: registration_pb2.RejectPhotoRequest, conn: Connection
    ) -> Outcome[registration_pb2.RejectPhotoResponse]:
        """Reject a photo; one officer of the owner may, also the one who added it.

        Raises:
            errors.WrongState: it is rejected already.
        """
        if request.validate_only:
            return Outcome(registration_pb2.RejectPhotoResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record, key, photo = self._to_reject(call, request, conn)
        rejected = registration_pb2.PHOTO_STATE_REJECTED
        decision = _decision(call, photo, rejected, request.reason)
        decided, ref = store.decision_rows(key, decision)
        return Outcome(
            disclose(registration_pb2.RejectPhotoResponse(state=rejected), call.purpose),
            _detail(call, "PHOTO_REJECTED", record, photo.record.photo_id),
            (decided, *orders.of_photo(decision)),
            (ref,),
            (registrations.seen(row), photo.seen),
        )

    def list_photos(
        self, call: Call, request: registration_pb2.ListPhotosRequest, conn: Connection
    ) -> Outcome[registration_pb2.ListPhotosResponse]:
        """List the photos that the caller may see, the newest first."""
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        found = store.of_registration(conn, key, row.registration_id, rules.MOST_EVER)
        shown = [photo for photo in found if _is_shown(call, record, photo)]
        answer = registration_pb2.ListPhotosResponse(photos=map(_message, shown))
        detail = _detail(call, "PHOTOS_LISTED", record, *(photo.record.photo_id for photo in shown))
        _add_shown(detail, record, found, classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), detail, seen=(registrations.seen(row), *(p.seen for p in found)))

    def get_photo(
        self, call: Call, request: registration_pb2.GetPhotoRequest, conn: Connection
    ) -> Outcome[registration_pb2.GetPhotoResponse]:
        """Show a photo. One that isn't the caller's to see is as absent as one that was never added."""
        row, record = self._head(call, request.registration_id, conn)
        key = registrations.data_key(self._sealer, row)
        photo = _one(call, conn, key, row.registration_id, raw(request.photo_id))
        if photo is None or not _is_shown(call, record, photo):
            raise errors.NoRecord
        answer = registration_pb2.GetPhotoResponse(photo=_message(photo), picture=store.picture(conn, key, photo))
        detail = _detail(call, "PHOTO_SHOWN", record, photo.record.photo_id)
        _add_shown(detail, record, [photo], classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), detail, seen=(registrations.seen(row), photo.seen))

    def _decoded(self, file: bytes) -> bytes:
        """The picture of a file.

        Raises:
            errors.InvalidFields: NOT_A_PHOTO or PHOTO_SIZE.
            errors.Unavailable: PHOTOS_UNAVAILABLE.
        """
        try:
            return self._photos.anew(file)
        except Unavailable:
            raise errors.Unavailable(errors_pb2.ERROR_REASON_PHOTOS_UNAVAILABLE) from None
        except Refused as refused:
            size, other = errors_pb2.FIELD_REASON_PHOTO_SIZE, errors_pb2.FIELD_REASON_NOT_A_PHOTO
            wrong = errors.Violation("file", size if refused.answer in _SIZES else other)
            raise errors.InvalidFields(violations=(wrong,)) from None

    def _head(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]:
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None:
            raise errors.NoRecord
        return found

    def _to_confirm(self, call: Call, request: registration_pb2.ConfirmPhotoRequest, conn: Connection) -> _Owned:
        """A photo that another officer has added; it never changes.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``confirm_photo``.
        """
        owned = self._owned(call, request.registration_id, request.photo_id, conn)
        _check_added(call, owned.photo, open_state=owned.photo.state == registration_pb2.PHOTO_STATE_ADDED)
        return owned

    def _to_reject(self, call: Call, request: registration_pb2.RejectPhotoRequest, conn: Connection) -> _Owned:
        """A photo that isn't rejected.

        Raises:
            errors.NoRecord, errors.WrongState: as ``reject_photo``.
        """
        owned = self._owned(call, request.registration_id, request.photo_id, conn)
        _check_added(call, owned.photo, open_state=owned.photo.state != registration_pb2.PHOTO_STATE_REJECTED)
        return owned

    def _owned(self, call: Call, registration_id: str, photo_id: str, conn: Connection) -> _Owned:
        """A photo of a record that the caller owns.

        Raises:
            errors.NoRecord: there is none, or it isn't his.
        """
        row, record = self._head(call, registration_id, conn)
        if not owners.is_owner(record, call.agency, call.officer):
            raise errors.NoRecord
        key = registrations.data_key(self._sealer, row)
        photo = _one(call, conn, key, row.registration_id, raw(photo_id))
        if photo is None:
            raise errors.NoRecord
        return _Owned(row, record, key, photo)


def _check_added(call: Call, photo: store.Photo, *, open_state: bool) -> None:
    decisions.check_acts(call, [decisions.Act(photo.record.agency, photo.record.officer_key)], open_state=open_state)


def _one(call: Call, conn: Connection, key: DataKey, registration_id: bytes, photo_id: bytes) -> store.Photo | None:
    """A photo of a registration, as it is decided; None: there is none of that id."""
    found = store.one(conn, key, registration_id, photo_id)
    if found is None:
        call.looks_at(record_pb2.LOOKED_AT_KIND_PHOTO, photo_id, 0)
    else:
        call.looks_at(record_pb2.LOOKED_AT_KIND_PHOTO_DECISION, photo_id, found.decision)
    return found


def _is_shown(call: Call, record: record_pb2.RegistrationRecord, photo: store.Photo) -> bool:
    owner = owners.is_owner(record, call.agency, call.officer)
    return rules.is_shown(photo.state, photo.record.agency, call.agency, owner=owner)


def _decision(
    call: Call, photo: store.Photo, state: registration_pb2.PhotoState.ValueType, reason: int = 0
) -> record_pb2.PhotoDecisionRecord:
    return record_pb2.PhotoDecisionRecord(
        photo_id=photo.record.photo_id,
        version=photo.decision + 1,
        state=state,
        reason=reason,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        time_us=to_us(call.now()),
        registration_id=photo.record.registration_id,
    )


def _message(photo: store.Photo) -> registration_pb2.Photo:
    message = registration_pb2.Photo(
        photo_id=text(photo.record.photo_id),
        state=registration_pb2.PhotoState.ValueType(photo.state),
        added_by_agency=photo.record.agency,
    )
    set_day(message.taken_date, photo.record.taken_day)
    set_us(message.create_time, photo.record.create_time_us)
    return message


def _detail(call: Call, outcome: str, record: record_pb2.RegistrationRecord, *photos: bytes) -> record_pb2.AccessDetail:
    """What the entry says. Its case is one that the caller is shown: lists of accesses name it."""
    convictions = shown.to_agency(record, call.agency, call.officer)
    return record_pb2.AccessDetail(
        outcome=outcome,
        case_reference=records.case_reference(convictions[0].fir) if convictions else "",
        subjects=[record.registration_id, *photos],
    )


def _add_shown(
    detail: record_pb2.AccessDetail,
    record: record_pb2.RegistrationRecord,
    read: Sequence[store.Photo],
    classes: Sequence[int],
) -> None:
    """Say in an entry what its answer shows, and on what it rests: history.py compares it with what there was."""
    detail.classes_shown.extend(classes)
    detail.shown_version = record.version
    detail.photos_read.photos, detail.photos_read.decisions = len(read), sum(each.decision for each in read)
