from nsor_server.formats import cnic
from tests.bench import people


def test_the_parity_that_the_echo_reads_tells_registered_people_from_others() -> None:
    for number in (people.FIRST, 10, 4_321, people.FIRST_ENTERED, 2 * people.FIRST_ENTERED):
        assert people.is_registered(people.registered_cnic(number))
        assert not people.is_registered(people.absent_cnic(number))


def test_every_number_makes_a_cnic_that_the_register_takes() -> None:
    for number in (people.FIRST, people.MOST, 2 * people.FIRST_ENTERED):
        for text in (people.registered_cnic(number), people.absent_cnic(number)):
            assert cnic.normalise(text) == text


def test_orders_of_two_parts_share_no_number() -> None:
    # A number of two people would hold both back, and their look-ups would find nobody.
    orders = [*people.orders(1, 1, 300), *people.orders(301, 301, 300), *people.punjab_orders(13, 601, 100)]
    cnics = [order.person.cnic for order in orders]
    passports = [(document.country, document.number) for order in orders for document in order.person.travel_documents]
    assert len(set(cnics)) == len(orders)
    assert passports
    assert len(set(passports)) == len(passports)


def test_everybody_was_an_adult_and_is_shown() -> None:
    # What somebody did under 18 no look-up shows: the bench would count misses where it asked for finds.
    for order in people.orders(1, 1, 1000):
        offences = [count.offence_date.year for conviction in order.convictions for count in conviction.counts]
        assert order.person.birth_date.year + 19 < min(offences)
