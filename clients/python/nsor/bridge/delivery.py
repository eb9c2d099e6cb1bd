"""Takes events from the register to the endpoint: in order, one at a time, each until it is taken or a dead letter.

Only then is it acknowledged. An endpoint that is away loses nothing: the register keeps what isn't acknowledged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

from nsor import retries
from nsor.advice import Words
from nsor.bridge.endpoint import Endpoint, NotTaken, body_of
from nsor.bridge.state import Progress, State
from nsor.client import Client
from nsor.errors import NsorError
from nsor.events import passing
from nsor.v1 import notification_pb2

Say = Callable[..., None]
"""Says a text of ``nsor.cli.urdu``, with values in its braces."""
FIRST_PAUSE_SECONDS = 1.0


class Delivery:
    """What posts events, and remembers how far it is."""

    def __init__(self, endpoint: Endpoint, state: State, *, tries: int, longest_pause_seconds: float, say: Say) -> None:
        """The arguments are as in ``settings.Settings``; ``say`` tells the operator."""
        self._endpoint, self._state, self._say = endpoint, state, say
        self._tries, self._longest = tries, longest_pause_seconds
        self._last_reason = ""

    def follow(self, client: Client, consumer: str = "") -> None:
        """Deliver the agency's events, or those of one of its consumers, as they come, for good.

        Raises:
            NsorError: the agency may not hear events, the register can't prove them, or the endpoint is gone for good.
            OSError: the state can't be written.
        """
        for event in client.events(consumer=consumer, give_up_seconds=math.inf, on_reconnect=self._reconnecting):
            self.deliver(event)
            self._acknowledge(client, consumer, event.sequence)

    def deliver(self, event: notification_pb2.Event) -> None:
        """Post an event until it is taken or a dead letter."""
        progress = self._state.of(event)
        while not progress.taken:
            pause(min(progress.due - time.time(), self._longest))
            progress = self._posted(event, progress)

    def replay(self, event: notification_pb2.Event) -> NotTaken | None:
        """Post a dead letter once; None if it was taken."""
        with self._state.in_turn():
            return self._endpoint.post(event.event_id, body_of(event))

    def _posted(self, event: notification_pb2.Event, before: Progress) -> Progress:
        with self._state.in_turn():
            failed = self._endpoint.post(event.event_id, body_of(event))
        progress = replace(before, posts=before.posts + 1)
        if failed is None:
            self._state.keep(replace(progress, taken=True))
            if before.posts:
                self._say("Event {} was taken, after {} posts.", event.sequence, progress.posts)
            return self._state.progress
        if failed.is_gone:
            raise _gone()
        progress = replace(progress, refused=before.refused + failed.is_of_event)
        reason = (failed.text, *failed.values)
        if progress.refused >= self._tries:
            path = self._state.give_up(event, progress, failed)
            self._say("The endpoint refuses event {}: {}. It is a dead letter: {}.", event.sequence, reason, path)
            return self._state.progress
        wait = max(self._pause_after(progress.posts), min(failed.retry_after_seconds, self._longest))
        self._state.keep(replace(progress, due=time.time() + wait))
        self._say("The endpoint hasn't taken event {}: {}. Again in {:g} s.", event.sequence, reason, wait)
        return self._state.progress

    def _pause_after(self, posts: int) -> float:
        return min(FIRST_PAUSE_SECONDS * float(1 << min(posts - 1, 30)), self._longest)

    def _acknowledge(self, client: Client, consumer: str, sequence: int) -> None:
        request = notification_pb2.AcknowledgeEventsRequest(through_sequence=sequence, consumer=consumer)
        for wait in retries.pauses():
            try:
                client.notification.acknowledge_events(request)
            except NsorError as error:
                if not passing(error):
                    raise
                self._reconnecting(error)
                pause(wait)
            else:
                self._last_reason = ""
                return

    def _reconnecting(self, reason: NsorError | None) -> None:
        """Say why the register is away, once while the reason stays the same."""
        if reason is not None and reason.message.en != self._last_reason:
            self._say("{} Connecting again.", reason.message)
            self._last_reason = reason.message.en


def pause(seconds: float) -> None:
    """Wait; not at all for a time that has come."""
    if seconds > 0:
        time.sleep(seconds)


def _gone() -> NsorError:
    return NsorError(
        "ENDPOINT_GONE",
        Words("The endpoint says that it is gone for good (410).", "پتہ کہتا ہے کہ وہ ہمیشہ کے لیے ختم ہو گیا (410)۔"),  # noqa: RUF001 - Urdu
        next_step=Words(
            "Correct `url` and start the bridge again: no event is lost.",
            "`url` درست کر کے برج دوبارہ چلائیں: کوئی واقعہ ضائع نہیں ہوا۔",  # noqa: RUF001 - Urdu
        ),
    )
