"""Trainings of several learners on one computer go in turn by learner, and each is told its place."""

import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from filelock import FileLock

pytest.importorskip("psutil")

from helpers.practice.training import turns
from helpers.practice.training.turns import Turns, in_turn


def job(name, created_at=0.0):
    return SimpleNamespace(id=name, created_at=created_at)


@dataclass(eq=False)
class Learner:
    """The trainings of one learner, which run until the test ends them."""

    jobs: list = field(default_factory=list)
    at_work: list = field(default_factory=list)
    told: list = field(default_factory=list)
    left: float | None = None

    def unfinished(self):
        return list(self.at_work), list(self.jobs)

    def launch(self, job):
        self.jobs.remove(job)
        self.at_work.append(job)

    def tell_place(self, job, place, seconds):
        self.told.append((job.id, place, seconds))

    def seconds_left(self, job):
        return self.left


def room(tmp_path, *learners, slots=1):
    made = Turns(tmp_path / "lock", slots)
    for learner in learners:
        made.join(learner)
    return made


def names(order):
    return [job.id for _, job in order]


def test_the_first_job_of_everybody_comes_before_the_second_of_anybody():
    greedy = [job(f"a{n}", created_at=n) for n in range(4)]
    assert names(in_turn({"a": greedy, "b": [job("b0", 10), job("b1", 11)], "c": [job("c0", 9)]}, {})) == [
        *("a0", "c0", "b0"),
        *("a1", "b1"),
        *("a2", "a3"),
    ]


def test_who_was_served_last_comes_last():
    waiting = {"a": [job("a1", 1)], "b": [job("b1", 5)], "c": [job("c1", 6)]}
    assert names(in_turn(waiting, {"a": 100.0, "b": 50.0})) == ["c1", "b1", "a1"]


def test_one_learner_alone_is_served_in_the_order_of_arrival():
    jobs = [job("first", 1), job("second", 2)]
    assert names(in_turn({"a": jobs}, {"a": 3.0})) == ["first", "second"]


def test_a_learner_with_many_jobs_does_not_keep_another_waiting(tmp_path):
    ada, chen = Learner([job(f"a{n}", n) for n in range(5)]), Learner([job("c0", 9)])
    shared = room(tmp_path, ada, chen)
    shared.fill()
    assert [each.id for each in ada.at_work] == ["a0"]
    ada.at_work.clear()
    shared.fill()
    assert [each.id for each in chen.at_work] == ["c0"] and ada.at_work == []


def test_no_more_train_at_once_than_there_are_slots_whoever_they_belong_to(tmp_path):
    learners = [Learner([job(f"{n}a"), job(f"{n}b")]) for n in range(4)]
    room(tmp_path, *learners, slots=3).fill()
    assert sum(len(each.at_work) for each in learners) == 3


def test_without_slots_nothing_is_started(tmp_path):
    ada = Learner([job("a")])
    room(tmp_path, ada, slots=0).fill()
    assert ada.at_work == [] and ada.told == []


def test_each_that_waits_is_told_its_place_once_and_again_when_it_changes(tmp_path):
    ada, chen, zoe = Learner([job("a", 1)]), Learner([job("c", 2)]), Learner([job("z", 3)])
    shared = room(tmp_path, ada, chen, zoe)
    for _ in range(3):
        shared.fill()
    assert (chen.told, zoe.told) == ([("c", 1, None)], [("z", 2, None)])
    ada.at_work.clear()
    shared.fill()
    assert ada.told == [] and zoe.told[1:] == [("z", 1, None)]


def test_when_a_training_begins_follows_from_how_long_others_took(tmp_path):
    ada, chen, zoe = Learner([job("a", 1)]), Learner([job("c", 2)]), Learner([job("z", 3), job("z2", 4)])
    shared = room(tmp_path, ada, chen, zoe)
    shared.fill()
    shared.ended(ada.at_work.pop(), time.time() + 60)
    chen.left = 20.0
    shared.fill()
    assert zoe.told[-2][:2] == ("z", 1) and zoe.told[-2][2] == pytest.approx(20)
    assert zoe.told[-1][:2] == ("z2", 2) and zoe.told[-1][2] == pytest.approx(80, abs=1)


def test_while_another_server_starts_jobs_nothing_is_started_here(tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "LOCK_SECONDS", 0.1)
    ada = Learner([job("a")])
    shared = room(tmp_path, ada)
    with FileLock(tmp_path / "lock"):
        shared.fill()
        assert ada.at_work == []
    shared.fill()
    assert ada.at_work


def test_looks_that_nobody_has_asked_for_read_the_jobs_of_all_only_now_and_then(tmp_path):
    ada = Learner()
    shared = room(tmp_path, ada)
    shared.fill()
    ada.jobs = [job("a")]
    shared.fill(at_once=False)
    assert ada.at_work == []
    time.sleep(turns.PAUSE_SECONDS)
    shared.fill(at_once=False)
    assert ada.at_work


@pytest.mark.parametrize(("text", "slots"), [("", 1), ("3", 3), ("0", 0)])
def test_how_many_train_at_once_is_a_setting(monkeypatch, text, slots):
    monkeypatch.setenv("PRACTICE_LOCAL_JOBS", text)
    assert turns.slots_from_environment() == slots


def test_every_computer_trains_at_least_one():
    assert turns.slots_of_this_computer() >= 1
