"""What a learner has done: kept through restarts, for each learner, never lost, and printed."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from helpers import exercise, progress, quiz, workspace
from helpers.exercises import record
from helpers.exercises.catalogue import exercise_ids


def test_at_first_all_are_open_and_nothing_is_written():
    text = str(progress())
    assert text.startswith(f"Your progress: 0 of {len(exercise_ids())} exercises done")
    assert text.count("open") >= len(exercise_ids())
    assert not (workspace() / "progress.json").exists()
    assert str(progress()) == text


def test_a_solved_exercise_is_done_after_a_restart():
    exercise("03.1").check(13)
    exercise("03.1").check(39)
    code = "from helpers import progress; print(progress())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert re.search(r"03\.1 +Count the steps +done on 20\d\d-\d\d-\d\d \(2 tries\)", printed.stdout)


def test_once_done_it_stays_done_with_its_first_day_and_tries():
    exercise("03.1").check(39)
    before = record.load()
    exercise("03.1").check(13)
    exercise("03.1").check(39)
    exercise("03.1").solution()
    assert record.load() == before


def test_who_looked_at_the_solution_first_reads_it_there():
    exercise("03.1").solution()
    assert "solution seen" in str(progress())
    exercise("03.1").check(39)
    assert "(1 try, after its solution was shown)" in str(progress())


def test_each_learner_has_their_own(monkeypatch, tmp_path):
    exercise("03.1").check(39)
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path / "another learner 学员"))
    assert progress().done == []


def test_a_quiz_shows_how_many_were_right_at_once():
    quiz("03").answer(1, "a")
    quiz("03").answer(2, "a")
    assert "2 of 4 questions answered, 1 right at once" in str(progress())


def test_two_kernels_that_note_at_once_lose_nothing():
    code = "from helpers import exercise\nfor id in {ids}: exercise(id).check(-1)"
    halves = [exercise_ids()[::2], exercise_ids()[1::2]]
    running = [subprocess.Popen([sys.executable, "-c", code.replace("{ids}", repr(half))]) for half in halves]
    assert [process.wait() for process in running] == [0, 0]
    assert set(record.load()["exercises"]) == set(exercise_ids())


def test_reset_asks_first_and_then_forgets():
    exercise("03.1").check(39)
    assert "forget_everything=True" in progress().reset()
    assert progress().done == ["03.1"]
    progress().reset(forget_everything=True)
    assert progress().done == []


@pytest.mark.parametrize(
    "content",
    [
        b"{ broken",
        b"[]",
        b"\xff\xfe",
        b'{"exercises": []}',
        b'{"exercises": {"03.1": 1}}',
        b'{"exercises": {"03.1": {}}}',
        b'{"quizzes": {"03": {"1": true}}}',
    ],
)
def test_a_file_that_somebody_edited_is_named_and_left_alone(content):
    path = workspace() / "progress.json"
    path.write_bytes(content)
    with pytest.raises(record.ProgressError, match=r"workspace/progress\.json cannot be read"):
        progress()
    exercise("03.1").check(39)
    assert path.read_bytes() == content


def test_an_exercise_that_a_later_course_no_longer_has_stops_nothing():
    kept = {"exercises": {"77.7": {"tries": 1, "done": "2026-11-27"}}, "quizzes": {"77": {"1": {"first": True}}}}
    (workspace() / "progress.json").write_text(json.dumps(kept), encoding="utf-8")
    assert progress().done == []
    exercise("03.1").check(39)
    assert progress().certificate("Ada").path.exists()
    assert "77.7" in record.load()["exercises"]


# --- the certificate -----------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a browser would load from elsewhere, and which tags are there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href")]


def test_without_anything_done_there_is_nothing_to_certify():
    with pytest.raises(ValueError, match=r"Begin with exercise 00\.1"):
        progress().certificate("Ada")
    assert not (workspace() / "certificate.html").exists()


def test_a_certificate_has_a_name():
    exercise("03.1").check(39)
    with pytest.raises(ValueError, match="Whose certificate is it"):
        progress().certificate(" ")


def test_it_says_who_did_what_and_what_was_measured():
    exercise("04.1").check(0.0525)
    quiz("04").answer(1, "a")
    said = progress().certificate("Ada <Lovelace>", measured={"right answers, base model": "3 of 20"})
    assert str(said) == "certificate.html is in your workspace. Open it in a browser and print it."
    text = said.path.read_text(encoding="utf-8")
    for words in ("Ada &lt;Lovelace&gt;", "Predict the bill", "You predicted $0.052", "3 of 20", "1 right at once"):
        assert words in text
    page = Page(text)
    assert page.loaded == [] and not {"script", "link", "img"} & set(page.tags)


def test_one_that_is_there_is_replaced_only_when_asked():
    exercise("03.1").check(39)
    progress().certificate("Ada")
    with pytest.raises(FileExistsError, match=r"To write it anew: .*\.certificate\('Grace', overwrite=True\)"):
        progress().certificate("Grace")
    progress().certificate("Grace", overwrite=True)
    assert "Grace" in (workspace() / "certificate.html").read_text(encoding="utf-8")


def test_what_the_course_counted_stands_on_it(client, tuned):
    from helpers.usage import ask

    ask(client, tuned, "How long is the warranty?")
    exercise("03.1").check(39)
    text = progress().certificate("Ada").path.read_text(encoding="utf-8")
    assert "Counted and measured" in text and "1 question, " in text


def test_only_what_is_a_measurement_is_quoted_on_it():
    exercise("03.2").check(5)
    exercise("04.1").check(0.05)
    text = progress().certificate("Ada").path.read_text(encoding="utf-8")
    assert "You predicted $0.05." in text and "Validation loss" not in text
