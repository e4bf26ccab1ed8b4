"""Every exercise, tried as learners try it: its solution, its typical mistakes, nothing, and nonsense."""

import re

import openai
import pytest

from helpers import exercise
from helpers.break_even import break_even
from helpers.course_data.paths import ROOT
from helpers.data_format import check, repair
from helpers.exercise import judged
from helpers.exercises.catalogue import NOTEBOOKS, exercise_ids, load_exercise
from helpers.exercises.shop import BASE
from helpers.exercises.tasks import (
    x01_2_mend_a_file,
    x02_2_who_refuses,
    x03_5_forgetting,
    x04_4_does_it_pay,
    x05_2_accepted_wordings,
)
from helpers.exercises.tiny_model import train
from helpers.graders import contains
from tests.exercises.nonsense import nonsense

IDS = exercise_ids()
MISTAKES = [(id, place) for id in IDS for place in range(len(load_exercise(id).mistakes))]


@pytest.fixture(autouse=True)
def own_process(fresh_kernel, monkeypatch):
    """In the folder of the notebooks."""
    monkeypatch.chdir(ROOT / "notebooks")


def attempt_of(code: str):
    names: dict = {}
    exec(code, names)
    return names["attempt"]


@pytest.mark.parametrize("id", IDS)
def test_its_solution_is_right(id):
    verdict = judged(load_exercise(id), attempt_of(load_exercise(id).solution))
    assert (verdict.status, verdict.says != "") == ("right", True), verdict.says


@pytest.mark.parametrize("id, place", MISTAKES)
def test_each_typical_mistake_gets_its_own_words_and_no_others(id, place):
    mistakes = load_exercise(id).mistakes
    verdict = judged(load_exercise(id), mistakes[place].make())
    assert verdict.status == "wrong"
    assert mistakes[place].says in verdict.says
    others = {mistake.says for mistake in mistakes} - {mistakes[place].says}
    assert not [words for words in others if words in verdict.says]


@pytest.mark.parametrize("id", IDS)
def test_at_least_three_typical_mistakes_are_told_apart(id):
    assert len({mistake.says for mistake in load_exercise(id).mistakes}) >= 3


@pytest.mark.parametrize("id", IDS)
def test_as_it_stands_in_the_notebook_nothing_was_attempted(id):
    starter = "from helpers import exercise\n" + load_exercise(id).starter
    assert judged(load_exercise(id), attempt_of(starter)).status == "nothing"


@pytest.mark.parametrize("id", IDS)
def test_nonsense_of_every_type_is_answered_in_a_few_lines_and_never_right(id):
    for value in nonsense():
        verdict = judged(load_exercise(id), value)
        assert verdict.status in ("wrong", "nothing")
        assert 0 < len(verdict.says) < 3000
        verdict.says.encode("utf-8")  # half a character could not be shown


@pytest.mark.parametrize("id", IDS)
def test_the_solution_stands_behind_its_call_only(id):
    code = load_exercise(id).solution.splitlines()
    shown = f"{exercise(id)} {load_exercise(id).starter}"
    assert not [line for line in code if len(line) > 12 and "import" not in line and line in shown.split("\n")]
    assert code[-1].startswith(("}", "]")) or code[-1] not in shown.replace("= ...", "")
    assert "\n".join(code) in str(exercise(id).solution())


def test_each_notebook_has_three_to_five():
    counts = {notebook: sum(id.startswith(notebook) for id in IDS) for notebook in NOTEBOOKS}
    assert set(counts.values()) <= {3, 4, 5}


# --- as a beginner types it ---------------------------------------------------------------------------------------

EXAMPLE = load_exercise("01.1").solution

RIGHT_IN_OTHER_WORDS = [
    ("00.1", "attempt = 2_000.0"),
    ("00.2", load_exercise("00.2").solution.replace("fine-tuning", "Fine tuning").replace("function c", "Function_C")),
    ("00.4", 'attempt = ["D ", "E"]'),
    ("01.1", EXAMPLE.replace("The cover has a zip and can", "Normally the cover, which has a zip, can")),
    ("01.1", EXAMPLE.replace("40", "forty")),
    ("01.1", EXAMPLE.replace("40 degrees", "40°C")),
    ("01.4", load_exercise("01.4").solution.replace("Another pillow is", "Nothing easier: another pillow is")),
    ("01.5", "attempt = range(5, 9)"),
    ("02.3", 'attempt = {"File-4", "File-1"}'),
    ("02.4", 'attempt = ["2", "4", "6", "8"]'),
    ("03.3", load_exercise("03.3").solution.replace("mattress", "Mattress ").replace("gpt-4", "GPT-4")),
    ("04.3", load_exercise("04.3").solution.replace("How long is the warranty?", "For how long am I covered?")),
    ("05.1", load_exercise("05.1").solution.replace("JSON fields", "json_fields")),
    ("05.2", 'attempt = ["10-YEAR", "10 Years", "ten years", "decade"]'),
    ("05.4", "attempt = 1.0, 3.0, 6.0, 7.0"),
]


@pytest.mark.parametrize("id, code", RIGHT_IN_OTHER_WORDS)
def test_a_right_attempt_is_right_also_if_it_is_written_differently(id, code):
    verdict = judged(load_exercise(id), attempt_of(code))
    assert verdict.status == "right", verdict.says


@pytest.mark.parametrize(
    "id, attempt, says",
    [
        ("00.1", (2, 0), "A comma makes two numbers of one"),
        ("03.1", 12.5, "no half a batch"),
        ("04.2", 3 / 0.000592, "Round up"),
        ("04.2", 3 / 0.000336, "what a tuned call costs"),
        ("04.2", 3 / 0.00072, "You left the answers out"),
    ],
)
def test_a_number_that_was_not_rounded_or_has_a_comma_is_named_like_the_mistake_behind_it(id, attempt, says):
    assert says in judged(load_exercise(id), attempt).says


@pytest.mark.parametrize("id", ["00.4", "02.3", "02.4", "05.4"])
def test_an_empty_list_does_not_buy_the_solution(id):
    says = judged(load_exercise(id), []).says
    assert says.startswith("Your list is empty") and "issing" not in says


@pytest.mark.parametrize("id", ["00.2", "00.3", "02.2", "04.4", "05.1"])
def test_options_are_shown_as_they_are_to_be_written(id):
    options = set(attempt_of(load_exercise(id).solution).values())
    assert all(f'`"{option}"`' in load_exercise(id).task for option in options)


# --- what some of them claim ---------------------------------------------------------------------------------------


def test_00_3_counter_examples_are_about_the_cases_of_00_2():
    first, second = (attempt_of(load_exercise(id).solution) for id in ("00.2", "00.3"))
    assert first.keys() == second.keys()
    assert 1 <= sum(first[key] == second[key] for key in first) < len(first)


def test_01_2_repair_alone_does_not_do_it(workspace):
    path = x01_2_mend_a_file.material()
    repair(path, workspace / "repaired.jsonl")
    assert judged(load_exercise("01.2"), workspace / "repaired.jsonl").status == "wrong"
    assert len(check(path).problems) == 5


def test_01_2_what_the_learner_has_mended_is_never_overwritten():
    path = x01_2_mend_a_file.material()
    path.write_text("mine", encoding="utf-8")
    assert x01_2_mend_a_file.material().read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("content", [b"", b"\0", b"[" * 200_000, b"\xff\xfe", b"{}\n" * 20, b"null\n" * 12], ids=repr)
def test_01_2_any_file_is_answered(workspace, content):
    path = x01_2_mend_a_file.material()
    path.write_bytes(content)
    assert judged(load_exercise("01.2"), path).status == "wrong"


def test_01_2_a_file_mended_by_hand_is_right(workspace):
    path = x01_2_mend_a_file.material()
    lines = path.read_text(encoding="utf-8").splitlines()
    answer = ', {"role": "assistant", "content": "The movement stays on your partner\'s side."}]}'
    lines[1] = lines[1].replace('"bot"', '"assistant"')
    lines[3] = lines[3].removesuffix("]}") + answer
    lines[5] = lines[5].replace("“", '"').replace("”", '"')
    lines[7] = lines[7].replace('"weight": 0.5, ', "")
    del lines[10]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    verdict = judged(load_exercise("01.2"), path)
    assert verdict.status == "right", verdict.says


@pytest.mark.parametrize("case", x02_2_who_refuses.FILES)
def test_02_2_a_practice_server_refuses_what_the_solution_says(client, case):
    said = attempt_of(load_exercise("02.2").solution)[case]
    try:
        file = client.files.create(file=("a.jsonl", x02_2_who_refuses.FILES[case]), purpose="fine-tune")
    except openai.BadRequestError:
        assert said == x02_2_who_refuses.UPLOAD
        return
    job = client.fine_tuning.jobs.create(model=BASE, training_file=file.id)
    status = client.fine_tuning.jobs.retrieve(job.id).status
    assert {"failed": x02_2_who_refuses.JOB, "succeeded": x02_2_who_refuses.NOBODY}[status] == said


def test_03_4_the_jobs_are_made_once(monkeypatch):
    practice = load_exercise("03.4").material()
    load_exercise("03.4").material()
    assert len(practice.fine_tuning.jobs.list().data) == 4


def test_03_4_a_server_that_does_not_answer_is_told(monkeypatch):
    def unreachable():
        return openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="practice-key", max_retries=0)

    monkeypatch.setattr("helpers.exercises.tasks.x03_4_lost_job.rehearse", unreachable)
    assert "The practice server was asked" in judged(load_exercise("03.4"), "ftjob-" + "a" * 24).says


def test_03_5_the_tiny_model_forgets_and_replay_holds_it():
    forgets, keeps = train(**x03_5_forgetting.FORGETS), train(**x03_5_forgetting.KEEPS)
    replayed = train(**{**x03_5_forgetting.FORGETS, "replay": 32})
    assert min(forgets.own, keeps.own) >= x03_5_forgetting.OWN
    assert forgets.general < replayed.general < keeps.general


@pytest.mark.parametrize("setting", ["20", 20.5, 0, 500, True, None])
def test_03_5_a_setting_that_is_no_number_within_the_bounds_is_named(setting):
    with pytest.raises(ValueError, match=r"n_epochs: found .*; expected 1 to 50, a whole number"):
        train(setting)


def test_03_5_results_of_trainings_stand_for_their_settings():
    results = {"forgets": train(**x03_5_forgetting.FORGETS), "keeps": train(**x03_5_forgetting.KEEPS)}
    assert judged(load_exercise("03.5"), results).status == "right"


def test_05_2_counts_as_the_grader_of_the_course_does():
    accepted = {"expected": attempt_of(load_exercise("05.2").solution)}
    assert all(contains(answer, accepted) for answer in x05_2_accepted_wordings.RIGHT)
    assert not any(contains(answer, accepted) for answer in x05_2_accepted_wordings.WRONG)
    accepted = ["10 year", "10-year", "ten year", "decade"]
    assert not contains("It is covered for 10 years.", {"expected": accepted})
    assert judged(load_exercise("05.2"), accepted).status == "wrong"


def test_04_4_break_even_says_the_same():
    for case, said in attempt_of(load_exercise("04.4").solution).items():
        tokens, calls, prompt, answer = x04_4_does_it_pay.NUMBERS[case]
        days = break_even(
            BASE, training_tokens=tokens, epochs=3, calls_per_day=calls,
            tuned_prompt_tokens=100, base_prompt_tokens=prompt, answer_tokens=answer,
        ).days  # fmt: skip
        found = (
            x04_4_does_it_pay.NEVER
            if days is None
            else x04_4_does_it_pay.MONTH
            if days <= 30
            else x04_4_does_it_pay.YEAR
        )
        assert found == said and (days is None or days <= 365)


def test_every_id_is_named_after_its_notebook_and_its_place():
    for notebook in NOTEBOOKS:
        places = [int(id[3:]) for id in IDS if id.startswith(notebook)]
        assert places == list(range(1, len(places) + 1))
        assert all(re.fullmatch(r"\d\d\.\d", id) for id in IDS)
