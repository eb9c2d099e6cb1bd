"""The client that an agency's program uses: the register's services over one connection, and its ledger's proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nsor import last_verification, verification
from nsor.certificate import ClientCertificate
from nsor.connection import DEFAULT_TIMEOUT_SECONDS, Connection
from nsor.errors import NsorError
from nsor.events import EventStream
from nsor.imports import Import
from nsor.ledger import note
from nsor.ledger.handover import HandedOver
from nsor.ledger.tlog_proof import TlogProof
from nsor.officer import OfficerKey
from nsor.retries import Retries
from nsor.screening import Screening
from nsor.services import Directory, Lookup, Notification, Oversight, Registration
from nsor.v1 import oversight_pb2

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


class Client:
    """The register, for one agency and one officer, system or neither. Safe for threads; close it, or use ``with``.

    Attributes:
        registration: entering convictions and confirming them.
        notification: notices and acknowledgements.
        lookup: access requests, grants and look-ups.
        oversight: accesses and proofs.
        directory: agencies and officers.
    """

    def __init__(
        self,
        target: str,
        *,
        certificate: Path,
        key: Path,
        ca: Path,
        ledger_key: str,
        state_dir: Path,
        officer: OfficerKey | None = None,
        focal_persons: Sequence[OfficerKey] = (),
        witnesses: Sequence[str] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retries: Retries | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        """Prepare the connection; nothing is sent before the first call. The arguments are ``Connection``'s."""
        self._connection = Connection(
            target,
            certificate=certificate,
            key=key,
            ca=ca,
            ledger_key=ledger_key,
            state_dir=state_dir,
            officer=officer,
            focal_persons=focal_persons,
            witnesses=witnesses,
            timeout_seconds=timeout_seconds,
            retries=retries,
            tracer_provider=tracer_provider,
        )
        self.registration = Registration(self._connection)
        self.notification = Notification(self._connection)
        self.lookup = Lookup(self._connection)
        self.oversight = Oversight(self._connection)
        self.directory = Directory(self._connection)

    @property
    def agency_id(self) -> str:
        """The agency that the certificate names, or empty."""
        return self._connection.certificate.agency_id

    @property
    def certificate(self) -> ClientCertificate:
        """The own certificate."""
        return self._connection.certificate

    @property
    def officer_key_id(self) -> bytes:
        """Key id of the officer who acts, or empty."""
        return b"" if self._connection.officer is None else self._connection.officer.key_id

    @property
    def target(self) -> str:
        """Host and port of the register."""
        return self._connection.target

    @property
    def ledger_origin(self) -> str:
        """The name of the ledger whose key this client was given."""
        return self._connection.verifier.name

    def learn_epochs(self) -> None:
        """Ask the register once, so that this client knows of every epoch that was opened until now.

        Raises:
            NsorError: it doesn't answer, or can't prove its epochs.
        """
        self.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest())

    def survives(self, origin: str, index: int) -> bool:
        """Whether an entry is in today's tree, as far as this client knows of the register's epochs.

        Args:
            origin: of the checkpoint that came with the entry's receipt.
            index: of the entry.
        """
        return index < self._connection.origins.survived(origin)

    @property
    def state_folder(self) -> Path:
        """Where the proofs are kept: a folder of this ledger in ``state_dir``."""
        return self._connection.journal.folder

    def events(
        self,
        *,
        after_sequence: int = 0,
        consumer: str = "",
        until_replayed: bool = False,
        quiet_seconds: float | None = None,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
    ) -> EventStream:
        """Follow the agency's events, or a consumer's; see ``EventStream``. Acknowledge those that are stored."""
        return EventStream(
            self._connection,
            after_sequence=after_sequence,
            consumer=consumer,
            until_replayed=until_replayed,
            quiet_seconds=quiet_seconds,
            give_up_seconds=give_up_seconds,
            on_reconnect=on_reconnect,
        )

    def import_orders(
        self,
        import_id: str,
        *,
        validate_only: bool = False,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
        before_sending: Callable[[], None] = lambda: None,
    ) -> Import:
        """Enter many conviction orders; see ``Import``."""
        return Import(
            self._connection,
            import_id,
            validate_only=validate_only,
            give_up_seconds=give_up_seconds,
            on_reconnect=on_reconnect,
            before_sending=before_sending,
        )

    def screen_manifest(
        self,
        manifest_id: str,
        *,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
    ) -> Screening:
        """Screen the passengers of a manifest that was declared; see ``Screening``."""
        return Screening(self._connection, manifest_id, give_up_seconds=give_up_seconds, on_reconnect=on_reconnect)

    def verify_ledger(
        self,
        *,
        everything: bool = False,
        known: Sequence[bytes] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> verification.Verified:
        """Prove that the ledger only grew, and that it holds every leaf this agency was shown; keep what was found.

        Args:
            everything: prove every kept leaf again, not only those since the last verification.
            known: signed checkpoints that were kept elsewhere: the ledger must continue them too.
            progress: called with steps done and steps in all.

        Raises:
            LedgerForked: two signed ledgers contradict each other.
            LedgerRolledBack: the ledger is shorter than it was.
            LeafMissing: a leaf that was shown is not in it.
        """
        journal = self._connection.journal
        return last_verification.keeping(
            journal,
            lambda: verification.verify(
                journal,
                self._connection.origins,
                _Register(self.oversight),
                everything=everything,
                known=known,
                progress=progress,
            ),
        )

    @property
    def failed_verifications(self) -> list[last_verification.LastVerification]:
        """The first own verification that failed and, where they are others, the worst and the last; empty: none."""
        return last_verification.failures(self._connection.journal)

    @property
    def last_verification(self) -> last_verification.LastVerification | None:
        """What the last own verification found, also one by another program; None: there was none on this computer."""
        return last_verification.kept(self._connection.journal)

    def receipt(self, access_id: str) -> tuple[TlogProof, bytes] | None:
        """The receipt of an access of this agency as C2SP tlog-proof, in today's tree, and the entry that it proves.

        Args:
            access_id: of the access; None is given when this state folder has no receipt of it.

        Raises:
            EntryLost: the register has owned up to it that the entry was lost.
            LeafMissing: the entry isn't in the tree any more.
        """
        connection = self._connection
        return verification.receipt(connection.journal, connection.origins, _Register(self.oversight), access_id)

    def check_opening(self, handed: HandedOver, known: Sequence[bytes]) -> note.Checkpoint:
        """See that a new epoch owns up to all that was shown, and continues what survived; nobody is asked.

        Args:
            handed: the epoch, as the register's operator has handed it over.
            known: signed checkpoints that were kept elsewhere, the largest of each origin.

        Returns:
            The first checkpoint of its origin.

        Raises:
            LedgerForked, LedgerRolledBack: it doesn't.
            EpochForged: it is no epoch of this ledger.
        """
        return verification.check_opening(self._connection.journal, self._connection.origins, handed, known)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Register:
    """The register as a source of proofs."""

    def __init__(self, oversight: Oversight) -> None:
        self._oversight = oversight
        self._cosigned: Sequence[bytes] = ()

    def newest(self) -> bytes:
        # The receipt of the call is newer than the checkpoint that it answers with, and no less signed.
        answer = self._oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest())
        self._cosigned = tuple(answer.message.cosigned)
        return answer.proof.signed

    def cosigned(self) -> Sequence[bytes]:
        return self._cosigned

    def inclusion(self, index: int, size: int) -> Sequence[bytes]:
        request = oversight_pb2.GetInclusionProofRequest(leaf_index=index, tree_size=size)
        return self._oversight.get_inclusion_proof(request).message.hashes

    def consistency(self, first: int, second: int) -> Sequence[bytes]:
        request = oversight_pb2.GetConsistencyProofRequest(first_tree_size=first, second_tree_size=second)
        return self._oversight.get_consistency_proof(request).message.hashes

    def batch(self, indexes: Sequence[int], sizes: Sequence[int], size: int) -> Sequence[bytes]:
        request = oversight_pb2.GetBatchProofRequest(leaf_indexes=indexes, earlier_sizes=sizes, tree_size=size)
        return self._oversight.get_batch_proof(request).message.hashes
