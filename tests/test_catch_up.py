"""A notebook that is opened first does the missing steps by itself; on a paid host it says what to do."""

import pytest

from helpers.catch_up import catch_up
from helpers.hosts import NotConfirmedError
from helpers.upload import upload_file


def test_catching_up_does_the_missing_steps_and_says_so(client, capsys):
    model = catch_up(client, "model")
    assert model.startswith("ft:gpt-4.1-mini-2025-04-14:personal:mattress:")
    assert "I do the missing steps" in capsys.readouterr().out
    assert catch_up(client, "model") == model and capsys.readouterr().out == ""


def test_catching_up_takes_the_learners_own_file_and_says_that_the_rest_is_still_the_courses(
    client, mattress, tmp_path, capsys
):
    mine = tmp_path / "mine.jsonl"
    mine.write_bytes(mattress.read_bytes().replace(b"10-year", b"12-year"))
    file = upload_file(client, mine)
    assert catch_up(client, "file").id == file.id
    assert "mine.jsonl is the newest training file" in capsys.readouterr().out


def test_a_model_that_was_deleted_is_made_again(client):
    first = catch_up(client, "model")
    client.models.delete(first)
    assert catch_up(client, "model") != first


def test_on_a_paid_host_catching_up_spends_nothing(client, monkeypatch):
    monkeypatch.setattr("helpers.hosts.is_practice", lambda _: False)
    for upto in ("file", "model"):
        with pytest.raises(NotConfirmedError, match="nothing is uploaded or trained there"):
            catch_up(client, upto)
    assert client.files.list().data == []


def test_catching_up_takes_the_learners_copy_of_the_file_of_the_course(client, workspace, mattress):
    copy = workspace / "data" / "mydata.jsonl"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(mattress.read_bytes().replace(b"10-year", b"12-year"))
    assert client.files.content(catch_up(client, "file").id).read() == copy.read_bytes()
