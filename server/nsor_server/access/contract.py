"""The access rules and the classes of fields that the contract carries, read from its descriptors at start.

Options are the ceiling: policy may narrow what is allowed here, and nothing may widen it. A contract with a gap
does not load, so the server does not start on it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

import nsor.v1
from nsor.v1 import options_pb2
from nsor_server.config import OperatorError

PURPOSE = "purpose"
"""Name of the request field that states the purpose where the kind of agency has several."""

_OF_NO_PERSON = frozenset(
    {options_pb2.FIELD_CLASS_ALWAYS, options_pb2.FIELD_CLASS_REVIEW, options_pb2.FIELD_CLASS_UNUSUAL}
)
"""Classes of fields that an answer may have although its method's effect isn't to disclose."""

_SIGNED = frozenset(
    {options_pb2.OFFICER_RULE_DECISION, options_pb2.OFFICER_RULE_FOCAL_PERSON, options_pb2.OFFICER_RULE_OWN_KEY}
)
"""Rules by which a call is signed itself."""
_DISCLOSED_TO = frozenset(
    {options_pb2.OFFICER_RULE_SESSION, options_pb2.OFFICER_RULE_DECISION, options_pb2.OFFICER_RULE_SYSTEM}
)
"""Rules by which an officer or a system answers for what is disclosed."""
_FOCAL_PERSONS = frozenset({options_pb2.OFFICER_RULE_FOCAL_PERSON, options_pb2.OFFICER_RULE_OFFICER_OR_FOCAL_PERSON})
"""Rules that take a focal person's key."""

_Enumeration: TypeAlias = (
    "type[options_pb2.AgencyKind | options_pb2.AgencyGroup | options_pb2.Purpose | options_pb2.Effect"
    " | options_pb2.ActKind | options_pb2.DecisionSide | options_pb2.OfficerRule | options_pb2.RowScope"
    " | options_pb2.FieldClass]"
)


class ContractError(OperatorError):
    """The contract has a gap; names the method, or the class of fields, and the gap."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a kind of agency may do with a method.

    Attributes:
        purposes: those it may call for.
        rows: those it reads, makes or changes; ``access.rows`` says what a scope means.
    """

    purposes: frozenset[options_pb2.Purpose.ValueType]
    rows: options_pb2.RowScope.ValueType


class Decides(NamedTuple):
    """On whose acts a method decides, by the fields of ``AccessRule``."""

    first_act: bool = False
    own_act: bool = False
    names_officer: bool = False
    acts_of: options_pb2.ActKind.ValueType = options_pb2.ACT_KIND_UNSPECIFIED
    side: options_pb2.DecisionSide.ValueType = options_pb2.DECISION_SIDE_UNSPECIFIED
    another_agency: bool = False

    @property
    def compares(self) -> bool:
        """Whether humans are compared before anything is decided."""
        return bool(self.own_act or self.names_officer or self.acts_of)


@dataclass(frozen=True, slots=True)
class MethodRule:
    """What the contract says of a method.

    Attributes:
        full_name: ``nsor.v1.LookupService/LookUpRegistration``.
        service: ``nsor.v1.LookupService``.
        effect: what it does to the register.
        officer: which proof of the officer it needs.
        allow: kind of agency -> what it may call for, on which rows. A kind that isn't here may not call.
        deadline_ms: longest that the server works on a call; 0 for a stream.
        streaming: whether it answers with a stream.
        takes_stream: whether the caller sends one too.
        states_purpose: whether the request has a field ``purpose``.
        while_sealed: whether it is answered while the register is sealed: what discloses nothing, or says so.
        decides: of a method that decides, on whose acts; of others nothing is set.
    """

    full_name: str
    service: str
    effect: options_pb2.Effect.ValueType
    officer: options_pb2.OfficerRule.ValueType
    allow: Mapping[options_pb2.AgencyKind.ValueType, Allowed]
    deadline_ms: int
    streaming: bool
    takes_stream: bool
    request_class: type[Message]
    response_class: type[Message]
    states_purpose: bool
    while_sealed: bool
    decides: Decides


@dataclass(frozen=True, slots=True)
class Contract:
    """Every method's rule, by full name."""

    methods: Mapping[str, MethodRule]

    @property
    def services(self) -> list[ServiceDescriptor]:
        """Every service of the contract."""
        found = {rule.service: _service(rule) for rule in self.methods.values()}
        return list(found.values())

    @classmethod
    def load(cls, files: Iterable[FileDescriptor] | None = None) -> Contract:
        """Read the rules of all files of nsor.v1, or of these.

        Raises:
            ContractError: a method has no rule, or one with a gap; or a class of fields has no purposes.
        """
        if files is None:
            return _whole()
        for number, name in _classes():
            check_class(name, purposes_of(number))
        found = [
            _rule(method) for file in files for service in file.services_by_name.values() for method in service.methods
        ]
        return cls({rule.full_name: rule for rule in sorted(found, key=lambda rule: rule.full_name)})


@functools.cache
def _whole() -> Contract:
    """The contract of this release. It is read once: it doesn't change under a process that runs."""
    return Contract.load(_all_files())


def _service(rule: MethodRule) -> ServiceDescriptor:
    found: ServiceDescriptor = descriptor_pool.Default().FindServiceByName(rule.service)
    return found


def field_class(field: FieldDescriptor) -> options_pb2.FieldClass.ValueType:
    """What a field of an answer is; FIELD_CLASS_UNSPECIFIED: it is never shown."""
    found: options_pb2.FieldClass.ValueType = field.GetOptions().Extensions[options_pb2.shown_as]
    return found


def confirmed_by(field: FieldDescriptor) -> tuple[options_pb2.AgencyKind.ValueType, ...]:
    """The kinds of agency that confirm a registration by this field, and aren't shown it before."""
    return tuple(field.GetOptions().Extensions[options_pb2.confirmed_by])


@functools.cache
def purposes_of(number: options_pb2.FieldClass.ValueType) -> frozenset[options_pb2.Purpose.ValueType]:
    """The purposes for which fields of a class are shown; none for what isn't a class."""
    value = options_pb2.FieldClass.DESCRIPTOR.values_by_number.get(number)
    return (
        frozenset() if value is None or not number else frozenset(value.GetOptions().Extensions[options_pb2.purposes])
    )


@functools.cache
def kept_from(number: options_pb2.FieldClass.ValueType) -> frozenset[options_pb2.Purpose.ValueType]:
    """The purposes for which fields of a class aren't shown of a record that is handled with more care."""
    value = options_pb2.FieldClass.DESCRIPTOR.values_by_number.get(number)
    return frozenset() if value is None else frozenset(value.GetOptions().Extensions[options_pb2.kept_from])


def check_class(name: str, purposes: frozenset[options_pb2.Purpose.ValueType]) -> None:
    """See that a class of fields has purposes, and that they are purposes.

    Raises:
        ContractError: names the class and the gap.
    """
    if not purposes:
        raise ContractError(f"{name} has no purposes")
    if any(_unknown(options_pb2.Purpose, purpose) for purpose in purposes):
        raise ContractError(f"{name} has a purpose that isn't one")


def _classes() -> list[tuple[options_pb2.FieldClass.ValueType, str]]:
    return [(number, name) for name, number in options_pb2.FieldClass.items() if number]


def _all_files() -> list[FileDescriptor]:
    names = sorted(module.name for module in pkgutil.iter_modules(nsor.v1.__path__))
    return [importlib.import_module(f"nsor.v1.{name}").DESCRIPTOR for name in names if name.endswith("_pb2")]


def _rule(method: MethodDescriptor) -> MethodRule:
    service = method.containing_service.full_name
    name = f"{service}/{method.name}"
    options = method.GetOptions()
    if not options.HasExtension(options_pb2.access):
        raise ContractError(f"{name} has no access rule")
    rule: options_pb2.AccessRule = options.Extensions[options_pb2.access]
    states_purpose = _states_purpose(method.input_type)
    _check(name, method, rule, states_purpose=states_purpose)
    return MethodRule(
        full_name=name,
        service=service,
        effect=rule.effect,
        officer=rule.officer,
        allow={kind: Allowed(frozenset(allow.purposes), allow.rows) for allow in rule.allow for kind in _kinds(allow)},
        deadline_ms=rule.deadline_ms,
        streaming=method.server_streaming,
        takes_stream=method.client_streaming,
        request_class=message_factory.GetMessageClass(method.input_type),
        response_class=message_factory.GetMessageClass(method.output_type),
        states_purpose=states_purpose,
        while_sealed=rule.while_sealed or rule.effect != options_pb2.EFFECT_DISCLOSES,
        decides=_decides(rule),
    )


def _decides(rule: options_pb2.AccessRule) -> Decides:
    return Decides(*(getattr(rule, name) for name in Decides._fields))


def _kinds(allow: options_pb2.Allow) -> list[options_pb2.AgencyKind.ValueType]:
    """The kinds of agency that an entry names, by itself or as a group. A group that isn't one has none."""
    group = options_pb2.AgencyGroup.DESCRIPTOR.values_by_number.get(allow.group)
    named = list(group.GetOptions().Extensions[options_pb2.kinds]) if group is not None else []
    return [*named, *([allow.kind] if allow.kind else [])]


def _states_purpose(request: Descriptor) -> bool:
    field = request.fields_by_name.get(PURPOSE)
    enum = field.enum_type if field is not None else None
    return enum is not None and enum.full_name == options_pb2.Purpose.DESCRIPTOR.full_name


def _check(name: str, method: MethodDescriptor, rule: options_pb2.AccessRule, *, states_purpose: bool) -> None:
    kinds = [kind for allow in rule.allow for kind in _kinds(allow)]
    decides = _decides(rule)
    gaps = {
        "has no effect": rule.effect == options_pb2.EFFECT_UNSPECIFIED,
        "has no officer rule": rule.officer == options_pb2.OFFICER_RULE_UNSPECIFIED,
        "decides without a signature": rule.effect == options_pb2.EFFECT_DECIDES and rule.officer not in _SIGNED,
        "discloses without an officer's or a system's key": rule.effect == options_pb2.EFFECT_DISCLOSES
        and rule.officer not in _DISCLOSED_TO,
        "lets a focal person do more than look after keys": rule.officer in _FOCAL_PERSONS
        and any(purpose != options_pb2.PURPOSE_DIRECTORY for allow in rule.allow for purpose in allow.purposes),
        "shows a person although its effect isn't to disclose": rule.effect != options_pb2.EFFECT_DISCLOSES
        and _shows_person(method),
        "shows a person to a system": rule.officer == options_pb2.OFFICER_RULE_SYSTEM and _shows_person(method),
        "goes on while the register is sealed although it shows a person": rule.while_sealed and _shows_person(method),
        "says that it goes on while the register is sealed, which it does anyway": rule.while_sealed
        and rule.effect != options_pb2.EFFECT_DISCLOSES,
        "allows nobody": not rule.allow,
        "has an allow that names not exactly one of a kind and a group": any(
            bool(allow.kind) == bool(allow.group) for allow in rule.allow
        ),
        "allows a group that isn't one": any(not _kinds(allow) for allow in rule.allow),
        "names a kind of agency twice": len(kinds) != len(set(kinds)),
        "allows a kind of agency that isn't one": any(_unknown(options_pb2.AgencyKind, kind) for kind in kinds),
        "has an allow without rows": any(_unknown(options_pb2.RowScope, allow.rows) for allow in rule.allow),
        "has an allow without purposes": any(not allow.purposes for allow in rule.allow),
        "allows a purpose that isn't one": any(
            _unknown(options_pb2.Purpose, purpose) for allow in rule.allow for purpose in allow.purposes
        ),
        "allows several purposes to one kind of agency, and its request states none": not states_purpose
        and any(len(allow.purposes) > 1 for allow in rule.allow),
        "decides and doesn't say on whose acts": rule.effect == options_pb2.EFFECT_DECIDES
        and not (decides.first_act or decides.compares),
        "says on whose acts it decides although it doesn't decide": rule.effect != options_pb2.EFFECT_DECIDES
        and decides != Decides(),
        "decides on acts that are none": decides.acts_of not in options_pb2.ActKind.values(),
        "decides on acts and doesn't say what it does to them": bool(decides.acts_of)
        and _unknown(options_pb2.DecisionSide, decides.side),
        "says what it does to acts and not to which": not decides.acts_of
        and (bool(decides.side) or decides.another_agency),
        "decides on the officer's own act and on others'": decides.own_act
        and decides._replace(own_act=False) != Decides(),
        "has no deadline": rule.deadline_ms == 0 and not method.server_streaming,
        "has a deadline although it is a stream": rule.deadline_ms != 0 and method.server_streaming,
        "takes a stream and answers with none": method.client_streaming and not method.server_streaming,
    }
    for gap, there in gaps.items():
        if there:
            raise ContractError(f"{name} {gap}")


def _shows_person(method: MethodDescriptor) -> bool:
    return any(
        purposes_of(field_class(field)) and field_class(field) not in _OF_NO_PERSON
        for descriptor in _reachable([method.output_type])
        for field in descriptor.fields
    )


def _unknown(enum: _Enumeration, number: int) -> bool:
    return number == 0 or number not in enum.DESCRIPTOR.values_by_number


def expanded_matrix(contract: Contract) -> str:
    """All that the contract allows, one line each: what a review of the golden file looks at."""
    lines = ["# RPC x kind of agency x purpose, and the rows that it reads, makes or changes"]
    for rule in contract.methods.values():
        effect = _short(options_pb2.Effect, rule.effect)
        officer = _short(options_pb2.OfficerRule, rule.officer)
        stream = "stream both ways" if rule.takes_stream else "stream"
        deadline = stream if rule.streaming else f"{rule.deadline_ms} ms"
        discloses = rule.effect == options_pb2.EFFECT_DISCLOSES
        sealed = ", also while the register is sealed" if discloses and rule.while_sealed else ""
        lines += ["", f"{rule.full_name}: {effect}{_decided_on(rule.decides)}, officer {officer}, {deadline}{sealed}"]
        lines += [
            f"  {_short(options_pb2.AgencyKind, kind)}: {_purposes(allowed.purposes)},"
            f" rows {_short(options_pb2.RowScope, allowed.rows)}"
            for kind, allowed in sorted(rule.allow.items())
        ]
    lines += ["", "# class of fields x purpose", ""]
    lines += [_class(number) for number, _ in _classes()]
    lines += ["", "# field x class; a field that has none is never copied into an answer"]
    roots: list[Any] = [rule.response_class.DESCRIPTOR for rule in contract.methods.values()]
    for descriptor in _reachable(roots):
        lines += ["", descriptor.full_name]
        lines += [f"  {field.name}: {_shown(field)}" for field in descriptor.fields]
    return "\n".join(lines) + "\n"


def _decided_on(decides: Decides) -> str:
    words = [name.replace("_", " ") for name in ("first_act", "own_act", "names_officer") if getattr(decides, name)]
    if decides.acts_of:
        side = _short(options_pb2.DecisionSide, decides.side)
        another = ", of another agency" if decides.another_agency else ""
        words.append(f"{side} acts of {_short(options_pb2.ActKind, decides.acts_of)}{another}")
    return f" ({'; '.join(words)})" if words else ""


def _class(number: options_pb2.FieldClass.ValueType) -> str:
    shown = f"{_short(options_pb2.FieldClass, number)}: {_purposes(purposes_of(number))}"
    kept = kept_from(number)
    return f"{shown}; of a record handled with more care not {_purposes(kept)}" if kept else shown


def _reachable(roots: Iterable[Descriptor]) -> list[Descriptor]:
    found: dict[str, Descriptor] = {}
    waiting: list[Any] = list(roots)
    while waiting:
        descriptor = waiting.pop()
        if descriptor.full_name not in found and descriptor.full_name.startswith("nsor."):
            found[descriptor.full_name] = descriptor
            waiting += [field.message_type for field in descriptor.fields if field.message_type is not None]
    return [found[name] for name in sorted(found)]


def _shown(field: FieldDescriptor) -> str:
    number = field_class(field)
    shown = _short(options_pb2.FieldClass, number) if number else "never"
    kinds = " ".join(_short(options_pb2.AgencyKind, kind) for kind in confirmed_by(field))
    return f"{shown}, not before confirmation to {kinds}" if kinds else shown


def _purposes(purposes: Iterable[int]) -> str:
    return " ".join(_short(options_pb2.Purpose, purpose) for purpose in sorted(purposes))


def _short(
    enum: _Enumeration,
    number: int,
) -> str:
    """A value's name without the prefix that all its siblings share."""
    zero = enum.DESCRIPTOR.values_by_number[0].name
    return enum.DESCRIPTOR.values_by_number[number].name.removeprefix(zero.removesuffix("UNSPECIFIED"))


if __name__ == "__main__":
    sys.stdout.write(expanded_matrix(Contract.load()))
