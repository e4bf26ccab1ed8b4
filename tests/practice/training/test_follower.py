"""Somebody looks after the jobs for as long as there is something to look after, and comes back when there is again."""

import threading

import pytest

from helpers.practice.training.follower import Follower

WAIT = 20.0  # seconds; what is waited for happens at once


def test_it_looks_again_for_as_long_as_there_is_more_to_see_and_then_ends():
    looks, ended = [], threading.Event()

    def look():
        looks.append(threading.current_thread())
        if len(looks) == 3:
            ended.set()
        return len(looks) < 3

    Follower(look, seconds=0.01).wake()
    assert ended.wait(WAIT)
    looks[0].join(WAIT)
    assert len(looks) == 3 and not looks[0].is_alive()


def test_who_wakes_it_during_its_last_look_gets_another_one():
    """A job that is started between "all jobs have ended" and the end of the thread is followed."""
    looks, again = [], threading.Event()

    def look():
        looks.append(1)
        if len(looks) == 1:
            follower.wake()
        else:
            again.set()
        return False

    follower = Follower(look, seconds=60)
    follower.wake()
    assert again.wait(WAIT)


def test_who_wakes_it_while_it_waits_does_not_wait():
    looks = threading.Semaphore(0)

    def look():
        looks.release()
        return True

    follower = Follower(look, seconds=600)
    for _ in range(3):
        follower.wake()
        assert looks.acquire(timeout=WAIT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_look_that_raised_an_error_it_can_be_woken_again():
    looks, again = [], threading.Event()

    def look():
        looks.append(threading.current_thread())
        if len(looks) == 1:
            raise RuntimeError("once")
        again.set()
        return False

    follower = Follower(look, seconds=60)
    follower.wake()
    while not looks:
        threading.Event().wait(0.01)
    looks[0].join(WAIT)
    follower.wake()
    assert again.wait(WAIT)
