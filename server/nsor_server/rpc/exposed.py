"""Every metric that there is, with its labels and why it tells nothing of a person. Another one can't be made.

Whoever reads metrics may also be, or know, somebody who calls. So nothing here may step when a look-up finds somebody,
a notice matches or a confirmation meets a record: not a count, not a size, not a time to the microsecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Exposed:
    """A metric.

    Attributes:
        kind: its type; a counter's samples end in ``_total``.
        text: what it says.
        labels: names; their values are of closed lists (methods, kinds, codes, reasons), or ids of agencies.
        why: why it doesn't step with what the register holds.
    """

    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...]
    why: str


_OF_EACH: Final = "each call counts, whatever it finds; found or not found is OK"
_OF_EVERY_COMMIT: Final = "each call is in a commit, whatever it finds; whole milliseconds"
_OF_LOAD: Final = "load, whoever causes it"
_OF_THE_SERVICE: Final = "state of the service"
_CALLERS: Final = "what the certificate does, before anything is read"
_FIXED_TIMES: Final = "what hangs on a match is written at fixed times, whatever there is"

EXPOSED: Final[Mapping[str, Exposed]] = {
    "nsor_calls": Exposed("counter", "Calls answered.", ("method", "kind", "code"), _OF_EACH),
    "nsor_call_seconds": Exposed(
        "histogram",
        "From the arrival of a call to its answer; of streams nothing. With examples of traces.",
        ("method", "kind"),
        f"{_OF_EACH}; opening a record takes microseconds, and this has whole milliseconds",
    ),
    "nsor_refusals": Exposed(
        "counter",
        "Calls refused or failed, by reason and the agency that the certificate names.",
        ("reason", "agency"),
        "as the span says it: absent and not shown are one reason, and a look-up that finds nobody is none",
    ),
    "nsor_commit_calls": Exposed("histogram", "Calls of one commit.", (), _OF_EACH),
    "nsor_commit_queue_seconds": Exposed(
        "histogram", "How long the first of a commit's calls waited for the writer.", (), _OF_EVERY_COMMIT
    ),
    "nsor_commit_wait_seconds": Exposed(
        "histogram",
        "How long a commit waited for the lock of the ledger's head, and for what is read with it.",
        (),
        f"{_OF_EVERY_COMMIT}; the same statements are read for a hit and a miss",
    ),
    "nsor_ledger_lock_seconds": Exposed(
        "histogram", "How long a commit held the lock of the ledger's head.", (), _OF_EVERY_COMMIT
    ),
    "nsor_commit_seconds": Exposed(
        "histogram", "How long the database took to store a commit, until it was durable.", (), _OF_EVERY_COMMIT
    ),
    "nsor_ledger_healthy": Exposed("gauge", "Whether accesses can be recorded.", (), _OF_THE_SERVICE),
    "nsor_checkpoint_age_seconds": Exposed(
        "gauge", "Since the newest checkpoint of the ledger, of any process.", (), _OF_EACH
    ),
    "nsor_outside_copy_behind_seconds": Exposed(
        "gauge",
        "For how long the outside copy of the checkpoints hasn't been written; 0: it keeps up.",
        (),
        _OF_THE_SERVICE,
    ),
    "nsor_outside_copy_age_seconds": Exposed(
        "gauge", "Since the outside copy was last written, or seen to have everything.", (), _OF_EACH
    ),
    "nsor_witness_age_seconds": Exposed(
        "gauge",
        "Since a registered witness last handed in a co-signature, or was registered, by the witness's name.",
        ("witness",),
        "witnesses sign at times of their own",
    ),
    "nsor_events_behind_seconds": Exposed(
        "gauge", "For how long not all events have been delivered; 0: they are.", (), _OF_THE_SERVICE
    ),
    "nsor_events_unacknowledged": Exposed(
        "gauge",
        "Events that an agency hasn't acknowledged, of its own numbering or of that of the consumer that is furthest"
        " behind: 0 for fewer than 10, else 10, 100, 1000 or 10000 and more; read once an hour.",
        ("agency",),
        f"{_FIXED_TIMES}; and tens an hour tell of no single event",
    ),
    "nsor_events_unacknowledged_days": Exposed(
        "gauge",
        "Whole days for which the tenth of these events has waited; read once an hour.",
        ("agency",),
        f"{_FIXED_TIMES}; and it is of the tenth, a day late",
    ),
    "nsor_duty_steps_wait_seconds": Exposed(
        "gauge",
        "For how many whole minutes, in seconds, a step of escalation that has fallen due waits to be told.",
        (),
        "how many duties there are isn't told: a confirmation would move it; this one is 0 while they are watched",
    ),
    "nsor_watch_age_seconds": Exposed(
        "gauge",
        "Since a thread that watches has ended a round, by its name.",
        ("watch",),
        f"{_FIXED_TIMES}; a round ends whatever it has found",
    ),
    "nsor_movements_wait_seconds": Exposed(
        "gauge",
        "For how long the oldest movement waits that the last fixed time has left to the next; 0: none.",
        (),
        "movements of everybody wait, in the order in which they were reported",
    ),
    "nsor_search_ready": Exposed(
        "gauge",
        "Whether the names for searches are read: 1 or 0.",
        (),
        "not among how many: whether that grows with a confirmation tells that somebody is held",
    ),
    "nsor_directory_unproved_seconds": Exposed(
        "gauge", "For how long what decides hasn't been what the ledger says; 0: it is.", (), _OF_THE_SERVICE
    ),
    "nsor_streams": Exposed("gauge", "Open streams by agency.", ("agency",), _CALLERS),
    "nsor_certificate_not_after_seconds": Exposed(
        "gauge", "End of the certificate that is loaded, seconds since 1970.", ("certificate",), _OF_THE_SERVICE
    ),
    "nsor_agency_certificate_not_after_seconds": Exposed(
        "gauge",
        "End of the last valid certificate of an agency that may call, seconds since 1970; 0: it has none.",
        ("agency",),
        "of the directory",
    ),
    "nsor_connections": Exposed("gauge", "Connections to the database.", ("pool", "state"), _OF_LOAD),
    "nsor_threads": Exposed("gauge", "Threads that run calls.", ("pool", "state"), _OF_LOAD),
    "nsor_queue_length": Exposed("gauge", "What waits, by queue.", ("queue",), _OF_LOAD),
    "nsor_spans": Exposed(
        "counter",
        "Spans by destination: ended, exported, failed, dropped since too many waited.",
        ("destination", "state"),
        "each call has the same spans, whatever it finds",
    ),
    "nsor_handshakes": Exposed(
        "counter",
        "TLS handshakes: begun, and those whose connection then made a call; the others failed, or were closed.",
        ("state",),
        _CALLERS,
    ),
    "nsor_calls_dropped": Exposed(
        "counter", "Calls that ended unread, by the agency that the certificate names.", ("agency",), _CALLERS
    ),
    "nsor_penalties": Exposed(
        "counter", "How often the calls of a certificate began to be dropped for a while.", ("agency",), _CALLERS
    ),
    "nsor_connections_closed": Exposed(
        "counter",
        "Connections shut down since the certificate had too many or was revoked, by the agency that it names.",
        ("agency",),
        _CALLERS,
    ),
    "nsor_alerts": Exposed(
        "counter",
        "Alerts in the log, by code.",
        ("code",),
        "faults of the service and the database; whoever edits rows to see one read is what it is there for",
    ),
    "nsor_log_lines_lost": Exposed("counter", "Lines of the log that nobody took.", (), _OF_THE_SERVICE),
    "process_virtual_memory_bytes": Exposed("gauge", "By prometheus-client.", (), _OF_LOAD),
    "process_resident_memory_bytes": Exposed(
        "gauge", "By prometheus-client.", (), "of the server; who is registered is in another process's memory"
    ),
    "process_start_time_seconds": Exposed("gauge", "By prometheus-client.", (), _OF_THE_SERVICE),
    "process_cpu_seconds": Exposed("counter", "By prometheus-client; in hundredths of a second.", (), _OF_LOAD),
    "process_open_fds": Exposed("gauge", "By prometheus-client.", (), _OF_LOAD),
    "process_max_fds": Exposed("gauge", "By prometheus-client.", (), _OF_THE_SERVICE),
    "python_gc_objects_collected": Exposed("counter", "By prometheus-client.", ("generation",), _OF_LOAD),
    "python_gc_objects_uncollectable": Exposed("counter", "By prometheus-client.", ("generation",), _OF_LOAD),
    "python_gc_collections": Exposed("counter", "By prometheus-client.", ("generation",), _OF_LOAD),
}
