"""Checks and normalises requests by their contract, before any handler sees them.

The rules stand in the field options; what concerns several fields stands in messages.py. Both are compiled once per
message type. Nothing here knows who calls, and no violation carries a value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, options_pb2
from nsor_server.errors import Violation
from nsor_server.formats import amendments, contract, dates, fields, messages, movements, notices, place_days, suspects
from nsor_server.formats.normalisers import OffenceRegistry, PlaceRegistry, WrittenForms, normalisers


class Checker:
    """Checks requests.

    Attributes are private; ``places``, ``offences`` and ``forms`` are the policy's, and ``today`` gives the date in
    Asia/Karachi.
    """

    __slots__ = ("_compiled", "_normalisers", "_rules_of_messages", "_today")

    def __init__(
        self,
        places: PlaceRegistry,
        offences: OffenceRegistry,
        forms: WrittenForms,
        today: Callable[[], dt.date] = dates.today,
    ) -> None:
        self._today = today
        self._normalisers = normalisers(places, offences, forms)
        self._rules_of_messages = (
            messages.rules(forms.most_address_digits, forms.cards),
            place_days.rules(places),
            amendments.RULES,
            notices.RULES,
            movements.RULES,
            suspects.RULES,
        )
        self._compiled: dict[str, fields.Check] = {}

    def check(self, message: Message) -> list[Violation]:
        """Normalise the message in place and give every rule that it breaks, in the order of the contract.

        A field is named once, with the first rule that it breaks.
        """
        violations: list[Violation] = []
        descriptor: Any = message.DESCRIPTOR
        check = self._compiled.get(descriptor.full_name) or self._compile(descriptor)
        check(message, "", violations)
        if len(violations) < 2:
            return violations
        first = {violation.field: violation for violation in reversed(violations)}
        return [violation for violation in violations if first[violation.field] is violation]

    def validate_contract(self, services: Iterable[ServiceDescriptor]) -> None:
        """Compile the requests of the services, and refuse a contract that allows free text.

        Raises:
            contract.ContractError: names each field.
        """
        requests = [method.input_type for service in services for method in service.methods]
        contract.validate(requests)
        for request in requests:
            self._compile(request)

    def _compile(self, descriptor: Descriptor) -> fields.Check:
        """Make the check of a message type, nested types first. Types that contain themselves don't compile."""
        known = self._compiled.get(descriptor.full_name)
        if known is not None:
            return known
        rules = [self._rules(field) for field in descriptor.fields]
        ordered = [one for one in rules if one.rule.not_before_field]
        checks = (*map(fields.compile_check, rules), *map(fields.compile_order, ordered))
        of_message = tuple(known[name] for known in self._rules_of_messages if (name := descriptor.full_name) in known)
        compiled = _of_message(checks, of_message, self._today)
        self._compiled[descriptor.full_name] = compiled
        return compiled

    def _rules(self, field: FieldDescriptor) -> fields.Rules:
        rule = field.GetOptions().Extensions[options_pb2.field]
        inner = field.message_type
        own = inner if fields.type_name(field) not in {"", fields.DATE, fields.TIMESTAMP, fields.MASK} else None
        return fields.Rules(
            field=field,
            rule=rule,
            normalise=self._normalisers.get(rule.format),
            today=self._today,
            nested=self._compile(own) if own is not None else None,
        )


def _of_message(
    checks: tuple[fields.Check, ...], rules: tuple[messages.Rule, ...], today: fields.Today
) -> fields.Check:
    def check(message: Any, path: str, violations: list[Violation]) -> None:
        fields.check_unknown(message, path, violations)
        before = len(violations)
        for one in checks:
            one(message, path, violations)
        # A list past its limit is not walked by anybody: that is what the limit is for.
        if len(violations) > before and _too_long(violations[before:]):
            return
        for rule in rules:
            rule(message, path, violations, today)

    return check


def _too_long(violations: list[Violation]) -> bool:
    return any(violation.reason == errors_pb2.FIELD_REASON_TOO_LONG for violation in violations)
