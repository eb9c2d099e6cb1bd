"""How well the name index tells people apart: `.venv/bin/python -m tests.bench.likeness`.

Labelled pairs of `nsor_synthetic` (two orders of one person, and of people who look like one) among many others. The
index was tuned on the tuning half of the names; what counts is the half that it has never seen. Search: the first order
of a pair of one person is looked for by its name, and more; recall is how often the second one is among the first 20,
precision how often it is the first. Telling apart: the share of pairs of one person that are taken at the strength that
takes 6 % of the pairs of different people.
"""

import argparse
import time
from collections.abc import Callable
from typing import Final

from nsor.v1 import registration_pb2
from nsor_server.names.card import Candidate, Person
from nsor_server.names.index import NameIndex
from nsor_server.registration import record as records
from nsor_server.registration.duplicates import rules
from nsor_synthetic.names.elements import Half
from nsor_synthetic.orders import Order, generate
from nsor_synthetic.pairs import Pair, pairs

LOOK_ALIKES_TAKEN: Final = 0.06
LIMIT: Final = 20
QUERIES: Final[dict[str, Callable[[Person], Person]]] = {
    "name and relative": lambda each: Person(each.names, 0, each.sex, ()),
    "and birth year": lambda each: Person(each.names, each.birth_year, each.sex, ()),
    "and district": lambda each: each,
}


def person(order: Order) -> Person:
    """What a card has of an order."""
    request = registration_pb2.CreateRegistrationRequest(
        person=order.person, convictions=order.convictions, addresses=order.addresses, custody=order.custody
    )
    return rules.person(records.from_request(request))


def _filled(labelled: list[Pair], others: int) -> NameIndex:
    index = NameIndex()
    for number, pair in enumerate(labelled):
        index.add(_second(number), person(pair.second))
    for number, order in enumerate(generate(seed=99, count=others)):
        index.add(b"other" + number.to_bytes(11, "big"), person(order))
    return index


def _second(number: int) -> bytes:
    return b"pair" + number.to_bytes(12, "big")


def _place(found: list[Candidate], number: int) -> int | None:
    return next((place for place, each in enumerate(found) if each.card_id == _second(number)), None)


def _strength(found: list[Candidate], number: int) -> float:
    place = _place(found, number)
    return 0.0 if place is None else found[place].strength


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4_000)
    parser.add_argument("--others", type=int, default=50_000)
    parser.add_argument("--half", choices=[each.value for each in Half], default=Half.UNTOUCHED.value)
    chosen = parser.parse_args()
    labelled = list(pairs(7, chosen.pairs, Half(chosen.half)))
    index = _filled(labelled, chosen.others)
    same = [number for number, pair in enumerate(labelled) if pair.same]
    print(f"{len(index):,} cards, names of the half {chosen.half!r}, {len(same):,} pairs of one person\n")
    print("| looked for by | recall at 20 | precision at 1 | CPU |\n|---|---|---|---|")
    for name, query in QUERIES.items():
        begun = time.process_time()
        places = [_place(index.candidates(query(person(labelled[n].first)), LIMIT), n) for n in same]
        spent = (time.process_time() - begun) / len(same) * 1000
        found, first = (sum(each is not None for each in places), sum(each == 0 for each in places))
        print(f"| {name} | {found / len(same):.3f} | {first / len(same):.3f} | {spent:.1f} ms |", flush=True)
    strengths = [_strength(index.candidates(person(pair.first), LIMIT), n) for n, pair in enumerate(labelled)]
    apart = sorted(strengths[n] for n, pair in enumerate(labelled) if not pair.same)
    least = apart[int(len(apart) * (1 - LOOK_ALIKES_TAKEN))]
    taken = sum(strengths[n] > least for n in same) / len(same)
    print(
        f"\nThe strength {least:.2f} takes {LOOK_ALIKES_TAKEN:.0%} of look-alikes, {taken:.1%} of one person's pairs.\n"
    )
    print("| kind | one person | taken at 0.70 | at 0.80 |\n|---|---|---|---|")
    for kind in dict.fromkeys(pair.kind for pair in labelled):
        of = [strengths[n] for n, pair in enumerate(labelled) if pair.kind is kind]
        shares = [sum(each >= at for each in of) / len(of) for at in (0.7, 0.8)]
        one = next(pair.same for pair in labelled if pair.kind is kind)
        print(f"| {kind.value} | {'yes' if one else 'no'} | {shares[0]:.2f} | {shares[1]:.2f} |")


if __name__ == "__main__":
    main()
