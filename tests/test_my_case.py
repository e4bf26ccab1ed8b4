"""One place says which file the notebooks work with: the course's own, or the learner's."""

import json

import pytest

from helpers import notes
from helpers.catch_up import catch_up
from helpers.course_data.paths import DATA, ROOT
from helpers.data_format import check, read, write
from helpers.hosts import NotConfirmedError
from helpers.my_case import COURSE_QUESTIONS, CaseError, my_case, use_course_file, use_file
from helpers.own_case.parts import NO_SUFFIX, suffix_of
from helpers.own_file.to_examples.simple_example import chat_example
from helpers.upload import upload_file

TEA_SHOP = ROOT / "tests" / "own_files" / "05_tea_shop_gbk.csv"
SYSTEM = "你是茶店的店员。"


@pytest.fixture
def tea():
    return use_file(TEA_SHOP, system=SYSTEM)


def bakery(workspace, count, **more):
    examples = [chat_example(f"What is in loaf {n}?", f"Loaf {n} has {n} seeds.", "A baker.") for n in range(count)]
    return write(examples, workspace / "bakery.jsonl", overwrite=True, **more).path


def texts(case):
    return {message["content"] for example in read(case.training_file) for message in example["messages"]}


def test_it_is_the_courses_until_a_file_is_chosen(capsys):
    case = my_case()
    assert (case.training_file, case.validation_file) == (DATA / "mydata.jsonl", DATA / "validation.jsonl")
    assert case.known_question in texts(case) and not texts(case) & set(case.questions)
    assert (case.suffix, case.questions, case.own) == ("mattress", COURSE_QUESTIONS, False)
    assert read(case.training_file)[0]["messages"][0]["content"] == case.system
    assert capsys.readouterr().out == ""


def test_a_file_in_another_encoding_is_chosen_once_and_stays_chosen(tea, capsys):
    case = my_case()
    assert case == tea
    assert capsys.readouterr().out == (
        "Your file: 05_tea_shop_gbk.csv, 10 examples to learn from, 2 to check with. "
        "To go back to the file of the course: use_course_file()\n"
        f"Questions to try: {' | '.join((case.known_question, *case.questions[:3]))}\n"
    )
    assert (case.system, case.suffix) == (SYSTEM, "05-tea-shop-gbk")
    assert check(case.training_file, validation=case.validation_file).problems == []


def test_questions_to_try_come_from_the_part_that_was_held_back(tea):
    held_back = [example["messages"][1]["content"] for example in read(tea.validation_file)]
    assert [tea.questions[0], tea.questions[-1]] == held_back and not texts(tea) & set(held_back)
    assert tea.known_question in texts(tea) and len(tea.questions) >= 5


def test_all_examples_are_in_one_of_the_two_parts_and_the_file_stays_as_it_is(workspace):
    source = bakery(workspace, 30)
    before, examples = source.read_bytes(), read(source)
    case = use_file(source)
    both = read(case.training_file) + read(case.validation_file)
    assert case.counts == (24, 6) and source.read_bytes() == before
    assert sorted(map(str, both)) == sorted(map(str, examples))


def test_a_job_always_has_the_ten_examples_that_it_needs(workspace):
    assert use_file(bakery(workspace, 11)).counts == (10, 1)
    with pytest.raises(CaseError, match=r"found 10 examples; expected 11 or more.* Add 1 more"):
        use_file(bakery(workspace, 10))


def test_a_validation_file_of_ones_own_is_taken_as_it_is(workspace):
    checks = write([chat_example("And loaf 99?", "Loaf 99 has 99 seeds.", "A baker.")], workspace / "checks.jsonl")
    case = use_file(bakery(workspace, 10), validation=checks.path)
    assert case.counts == (10, 1) and case.questions[0] == "And loaf 99?"


def test_a_file_that_was_changed_is_read_again_and_nothing_is_written_over(workspace):
    first = use_file(bakery(workspace, 12))
    before = first.training_file.read_bytes()
    bakery(workspace, 20)
    case = my_case()
    assert case.counts == (16, 4) and case.training_file != first.training_file
    assert first.training_file.read_bytes() == before


def test_a_file_with_too_few_examples_left_stops_and_is_not_replaced_by_the_courses(workspace):
    use_file(bakery(workspace, 12))
    bakery(workspace, 5)
    with pytest.raises(CaseError, match=r"bakery.jsonl: found 5 examples.*use_course_file\(\)"):
        my_case()
    assert use_course_file().suffix == "mattress"


def test_a_file_that_is_gone_is_not_missed_because_its_parts_are_kept(workspace):
    source = bakery(workspace, 12)
    case = use_file(source)
    source.unlink()
    assert my_case() == case
    case.training_file.unlink()
    with pytest.raises(CaseError, match="found no such file any more"):
        my_case()


def test_the_workspace_can_be_moved_with_the_file_in_it(workspace, monkeypatch):
    use_file(bakery(workspace, 12))
    moved = workspace.with_name("moved 工作区")
    workspace.rename(moved)
    monkeypatch.setenv("COURSE_WORKSPACE", str(moved))
    assert my_case().training_file.is_relative_to(moved)


def test_a_file_is_found_by_its_name_in_the_workspace(workspace):
    bakery(workspace, 12)
    assert use_file("bakery.jsonl").name == "bakery.jsonl"
    with pytest.raises(FileNotFoundError):
        use_file("cakery.jsonl")


def test_the_system_message_is_the_usual_one_and_questions_fit_it(workspace):
    odd = [chat_example(f"Odd {n}?", "Odd.", "Another.") for n in range(6)]
    path = write([*odd, *read(bakery(workspace, 20))], workspace / "two.jsonl").path
    case = use_file(path)
    assert case.system == "A baker." and not any("Odd" in each for each in (case.known_question, *case.questions))


def test_conversations_and_files_without_a_system_message_have_questions_too(workspace):
    turns = [
        {"messages": [*chat_example(f"Loaf {n}?", "Which?")["messages"], *chat_example("Rye", "Yes.")["messages"]]}
        for n in range(12)
    ]
    case = use_file(write(turns, workspace / "turns.jsonl").path)
    assert case.system is None and case.known_question.startswith("Loaf")


def test_a_suffix_has_only_what_a_host_takes():
    assert suffix_of("Bäckerei Müller, 2024.v2.csv") == "backerei-muller-2024-v2"
    assert suffix_of("面包店.csv") == NO_SUFFIX
    assert len(suffix_of("a" * 90 + ".csv")) <= 64


def test_the_choice_stands_in_the_notes_beside_what_else_they_hold(tea, client, workspace):
    notes.add("practice", "file", "file-1")
    kept = json.loads((workspace / "notes.json").read_text(encoding="utf-8"))
    assert kept["chosen_file"]["name"] == "05_tea_shop_gbk.csv" and notes.last("practice", "file") == "file-1"


def test_notes_with_a_choice_that_nobody_has_written_are_named(workspace):
    workspace.mkdir(parents=True)
    for wrong in ("text", {"path": 3}, {"path": "a", "name": "b", "reading": []}):
        (workspace / "notes.json").write_text(json.dumps({"chosen_file": wrong}), encoding="utf-8")
        with pytest.raises(notes.NotesError, match="chosen_file with a path"):
            my_case()


# --- catching up --------------------------------------------------------------------------------------------------


def test_catching_up_does_the_missing_steps_with_the_chosen_file(tea, client, capsys):
    model = catch_up(client, "model")
    said = capsys.readouterr().out
    assert "There is no model of your file 05_tea_shop_gbk.csv on this host yet" in said
    assert ":05-tea-shop-gbk:" in model and not any(word in said for word in ("mattress", "mydata", "CloudRest"))
    [job] = client.fine_tuning.jobs.list()
    names = {client.files.retrieve(file).filename for file in (job.training_file, job.validation_file)}
    assert names == {"05_tea_shop_gbk_training.jsonl", "05_tea_shop_gbk_validation.jsonl"}
    assert catch_up(client, "model") == model and catch_up(client, "file").id == job.training_file


def test_what_was_done_with_another_file_does_not_count(client):
    mattress = catch_up(client, "model")
    use_file(TEA_SHOP, system=SYSTEM)
    tea = catch_up(client, "model")
    assert tea != mattress
    use_course_file()
    assert catch_up(client, "model") == mattress
    use_file(TEA_SHOP, system=SYSTEM)
    assert catch_up(client, "model") == tea


def test_a_model_trained_on_the_same_content_under_another_id_counts(tea, client):
    with open(tea.training_file, "rb") as file:
        first = client.files.create(file=file, purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-4.1-mini-2025-04-14", training_file=first.id)
    notes.remember(client, client.fine_tuning.jobs.retrieve(job.id))
    with open(tea.training_file, "rb") as file:
        client.files.create(file=file, purpose="fine-tune")
    assert catch_up(client, "model") == client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model


def test_on_a_paid_host_a_chosen_file_is_not_uploaded_unasked(tea, client, monkeypatch):
    upload_file(client, DATA / "mydata.jsonl")
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    with pytest.raises(NotConfirmedError, match=r"no file of your file 05_tea_shop_gbk\.csv"):
        catch_up(client, "file")
    assert len(client.files.list().data) == 1
