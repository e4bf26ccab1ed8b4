"""The numbers that come with the course: real ones, or none that could be taken for real."""

import argparse
import json

import pytest

from helpers.course_data.paths import DATA, ROOT
from helpers.evaluation.scores import Score
from helpers.measured import FILE, NOT_YET, QUALITY_FILE, agreement, measure_again, measured, measured_quality
from tests.benchmarks.evaluation import assembled, kept, not_measured
from tests.benchmarks.measurements import EXPERIMENTS, JUDGES, QUESTIONS, TITLES, TRAININGS

WHOLE = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_holds_every_measurement_of_the_benchmark():
    assert {name: found["title"] for name, found in WHOLE["experiments"].items()} == TITLES


def test_it_is_either_measured_with_date_machine_and_command_or_holds_no_number():
    """Nobody can take what was not measured for what was."""
    assert WHOLE["command"] == "python -m tests.benchmarks.evaluation"
    if WHOLE["measured"]:
        assert WHOLE["date"] and WHOLE["machine"] and WHOLE["versions"] and NOT_YET not in WHOLE["notice"]
        assert all("ways" in found or "counts" in found for found in WHOLE["experiments"].values())
    else:
        assert not_measured() == WHOLE


@pytest.mark.parametrize("name", TITLES)
def test_each_measurement_shows_itself(name):
    found = measured(name)
    for text in (str(found), found._repr_html_()):
        assert (NOT_YET in text) is not WHOLE["measured"]


def test_an_unknown_measurement_is_named():
    with pytest.raises(KeyError, match="found 'nothing'; expected one of facts, format"):
        measured("nothing")


def test_what_was_not_measured_has_no_number_to_compare(tmp_path):
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(not_measured()), encoding="utf-8")
    found = measured("facts", path)
    for each in (found, found.plot, found.answers, found.compare("base", "fine-tuned")):
        assert str(each).startswith(NOT_YET) and "%" not in str(each)
    assert found.scores == []


def test_every_line_of_an_experiment_can_be_measured():
    for experiment in EXPERIMENTS.values():
        for line in experiment.lines:
            assert line.questions in QUESTIONS and line.training in {None, *TRAININGS}


def run_of(line, seed, marks="1100"):
    answers = [[f"q{n}", "an answer", mark == "1"] for n, mark in enumerate(marks)]
    figures = {"marks": marks, "tokens_in": 400, "tokens_out": 40, "seconds": 2.0, "answers": answers}
    recipe = "course: LoRA" if line.training else None
    return {"key": line.key, "seed": seed, "recipe": recipe, "model": "x", **figures}


@pytest.fixture
def options():
    return argparse.Namespace(experiments=["voice", "judge"], seeds=[1, 2], machine="a computer")


@pytest.fixture
def rows():
    base, shots, tuned = EXPERIMENTS["voice"].lines
    counts = {"key": ["judge"], "seed": 0, "recipe": None, "counts": {"whichever stood first": 3}}
    return [run_of(base, 0, "0000"), run_of(shots, 0), run_of(tuned, 1, "1111"), run_of(tuned, 2, "1110"), counts]


def test_results_become_the_file_that_the_notebook_reads(rows, options, tmp_path):
    pytest.importorskip("torch")
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(assembled(rows, options)), encoding="utf-8")
    voice = measured("voice", path)
    assert [(score.way, score.share) for score in voice.scores][::2] == [("base", 0), ("fine-tuned", 0.875)]
    assert "Recorded, from real runs of smollm2-135m-instruct" in str(voice) and "Means of 2 trainings" in str(voice)
    assert "right: an answer" in str(voice.answers) and voice.compare("base", "fine-tuned").only_second == 4
    assert "whichever stood first  3" in str(measured("judge", path))


def test_answers_are_shown_below_the_table_when_they_are_asked_for(rows, options, tmp_path):
    pytest.importorskip("torch")
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(assembled(rows, options)), encoding="utf-8")
    alone, together = measured("voice", path), measured("voice", path, answers=True)
    assert "right: an answer" not in str(alone) + alone._repr_html_()
    for text, table in ((str(together), str(alone)), (together._repr_html_(), alone._repr_html_())):
        assert text.startswith(table) and "right: an answer" in text


def test_what_was_not_measured_is_said_once_and_not_again_for_its_answers(tmp_path):
    path = tmp_path / "measured.json"
    path.write_text(json.dumps(not_measured()), encoding="utf-8")
    assert str(measured("voice", path, answers=True)).count(NOT_YET) == 1


def test_nothing_is_assembled_from_half_of_the_runs(rows, options):
    with pytest.raises(SystemExit, match=r"voice, fine-tuned: found 1 runs of 2"):
        assembled(rows[:3] + rows[4:], options)


def test_two_recipes_of_one_name_are_never_mixed(rows, options):
    rows[3]["recipe"] = "course: LoRA and more"
    with pytest.raises(SystemExit, match="recipe course has changed"):
        assembled(rows, options)


def test_what_is_kept_is_read_again(tmp_path, rows):
    path = tmp_path / "results.jsonl"
    assert kept(path) == []
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    assert kept(path) == rows


def test_a_rerun_says_whether_it_agrees():
    def found(marks):
        return argparse.Namespace(scores=[Score("tuned", "ft:x", marks, 1, 1, None, 1.0)])

    recorded = found((True,) * 40 + (False,) * 32)
    assert "it agrees with the recorded 56%" in agreement(recorded, found((True,) * 44 + (False,) * 28))[0]
    assert "does NOT agree" in agreement(recorded, found((True,) * 10 + (False,) * 62))[0]


def test_nothing_is_measured_unless_it_is_named_and_training_is_installed(capsys):
    assert measure_again() is None and measure_again("facts") is None  # tests run without real training
    printed = capsys.readouterr().out
    assert "Nothing was measured" in printed and "python course.py --local" in printed
    with pytest.raises(KeyError):
        measure_again("nothing")


@pytest.mark.parametrize(
    ("copy", "original"),
    [
        ("triage_train", "triage_train"),
        ("triage_questions", "triage_heldout"),
        ("voice_train", "style_train"),
        ("voice_questions", "style_heldout"),
        ("general_questions", "general"),
    ],
)
def test_the_sets_of_the_notebook_are_those_of_the_benchmarks(copy, original):
    there = ROOT / "tests" / "benchmarks" / "eval" / f"{original}.jsonl"
    assert (DATA / "evaluation" / f"{copy}.jsonl").read_bytes() == there.read_bytes()


@pytest.mark.parametrize("judge", JUDGES)
def test_every_judge_has_a_title(judge):
    assert TITLES[judge]


QUALITY = json.loads(QUALITY_FILE.read_text(encoding="utf-8"))


def test_the_quality_of_training_is_measured_with_date_and_machine_or_holds_no_number():
    shown = measured_quality()
    if QUALITY["measured"]:
        assert QUALITY["date"] and QUALITY["machine"]
        assert all(cell for line in shown.lines for cell in line[3:])  # no row of a learner's table is empty
    else:
        assert QUALITY["rows"] == [] and str(shown).startswith(NOT_YET) and NOT_YET in shown._repr_html_()


def test_what_the_benchmark_of_quality_keeps_becomes_the_table_of_notebook_01(tmp_path):
    pytest.importorskip("torch")
    from tests.benchmarks.local_quality import recorded, summary

    rows = [
        {"recipe": "base", "set": "bakery", "seed": 0, "facts": 0.1, "general_right": [True]},
        {"recipe": "plain", "set": "bakery", "seed": 1, "facts": 0.4, "general": 0.5},
        {"recipe": "plain", "set": "bakery", "seed": 2, "facts": 0.6, "general": 0.7},
    ]
    options = argparse.Namespace(sets=["bakery"], recipes=["plain", "course"])
    path = tmp_path / "local_quality.json"
    path.write_text(json.dumps(recorded(summary(rows, options), "a computer")), encoding="utf-8")
    shown = measured_quality(path)
    facts, general = shown.lines[:2]
    assert facts[2:] == ["10 %", "50 % (40 to 60, 2 trainings)", ""] and general[2:4] == [
        "100 %",
        "60 % (50 to 70, 2 trainings)",
    ]
    assert "a computer" in str(shown) and "50 %" in shown._repr_html_()


def test_the_file_without_numbers_is_the_one_that_the_benchmark_would_write():
    pytest.importorskip("torch")
    from tests.benchmarks.local_quality import recorded

    if not QUALITY["measured"]:
        assert recorded([], None) == QUALITY
