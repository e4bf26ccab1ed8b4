"""Uploading: with a bar for long files, never twice, and the id is kept."""

import openai
import pytest

from helpers import notes
from helpers.connection.identity import host_name
from helpers.upload import upload_file


def test_it_uploads_waits_and_keeps_the_id(client, mattress, capsys):
    file = upload_file(client, mattress)
    assert file.status == "processed" and notes.last(host_name(client), "file") == file.id
    assert client.files.content(file.id).read() == mattress.read_bytes()
    assert capsys.readouterr().out == f"data/mydata.jsonl uploaded: {file.id}\n"


def test_the_same_content_is_uploaded_once_whatever_its_name(client, mattress, tmp_path):
    copy = tmp_path / "another name.jsonl"
    copy.write_bytes(mattress.read_bytes())
    assert upload_file(client, mattress).id == upload_file(client, copy).id
    assert len(client.files.list().data) == 1


def test_it_finds_a_file_that_was_uploaded_by_the_plain_call(client, mattress):
    plain = client.files.create(file=mattress, purpose="fine-tune")
    assert upload_file(client, mattress).id == plain.id


def test_of_several_files_with_the_same_content_it_finds_the_newest(client, mattress):
    """As in notebook 02, where the plain call comes first: on a second run too."""
    for _ in range(2):
        plain = client.files.create(file=mattress, purpose="fine-tune")
        notes.remember(client, plain)
        assert upload_file(client, mattress).id == plain.id == notes.last(host_name(client), "file")


def test_a_file_that_was_deleted_on_the_host_is_uploaded_again(client, mattress):
    first = upload_file(client, mattress)
    client.files.delete(first.id)
    second = upload_file(client, mattress)
    assert second.id != first.id and client.files.retrieve(second.id)


def test_a_changed_file_is_another_file(client, mattress, tmp_path):
    changed = tmp_path / "mydata.jsonl"
    changed.write_bytes(mattress.read_bytes().replace(b"10-year", b"12-year"))
    assert upload_file(client, mattress).id != upload_file(client, changed).id


def test_a_validation_file_does_not_take_the_place_of_the_training_file(client, mattress):
    training = upload_file(client, mattress)
    upload_file(client, mattress.with_name("validation.jsonl"), note_as="validation")
    assert notes.last(host_name(client), "file") == training.id


def test_a_large_file_shows_how_far_it_has_come(client, mattress, tmp_path, capsys):
    large = tmp_path / "large.jsonl"
    large.write_bytes(mattress.read_bytes() * 1200)
    file = upload_file(client, large)
    assert file.bytes == large.stat().st_size
    assert "100%" in capsys.readouterr().err


def test_a_file_that_is_refused_is_not_kept(client, tmp_path):
    bad = tmp_path / "table.jsonl"
    bad.write_text("question;answer\n", encoding="utf-8")
    with pytest.raises(openai.BadRequestError):
        upload_file(client, bad)
    assert notes.last(host_name(client), "file") is None
