import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from nsor_server.storage import random_bytes


def test_no_byte_is_given_twice_in_any_thread() -> None:
    # A nonce or a key that two seals share would open both.
    barrier = Barrier(4)

    def taken(_thread: int) -> list[bytes]:
        barrier.wait()
        return [random_bytes.take(16) for _ in range(1000)]

    with ThreadPoolExecutor(4) as threads:
        found = [each for taken_there in threads.map(taken, range(4)) for each in taken_there]
    assert {len(each) for each in found} == {16}
    assert len(set(found)) == 4000


def test_what_is_longer_than_what_is_left_is_whole() -> None:
    assert {len(random_bytes.take(count)) for count in [4095, 2, 4096] * 2} == {4095, 2, 4096}


def test_a_process_that_was_forked_gives_others() -> None:
    random_bytes.take(1)  # what is left is there when it forks
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, random_bytes.take(32))
        os._exit(0)
    own = random_bytes.take(32)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        there = pipe.read()
    assert len(there) == 32
    assert there != own


def test_an_id_is_a_random_uuid() -> None:
    made = uuid.UUID(bytes=random_bytes.new_id())
    assert (made.version, made.variant) == (4, uuid.RFC_4122)
    assert random_bytes.new_id() != made.bytes
