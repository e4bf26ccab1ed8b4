"""/v1/files of the practice server, through the real client: what OpenAI does with an upload, it does too."""

from pathlib import Path

import openai
import pytest
from openai.types import FileObject

from helpers.course_data.paths import DATA
from helpers.practice import start_server
from tests.practice.raw_http import request, with_key

MULTIPART = {"headers": {"Content-Type": "multipart/form-data"}}
MATTRESS = DATA / "mydata.jsonl"


def upload(client: openai.OpenAI, content: bytes | Path, name: str = "mine.jsonl", purpose: str = "fine-tune"):
    return client.files.create(file=(name, content) if isinstance(content, bytes) else content, purpose=purpose)


def rejected(client: openai.OpenAI, content: bytes) -> openai.BadRequestError:
    with pytest.raises(openai.BadRequestError) as caught:
        upload(client, content)
    return caught.value


def test_an_upload_comes_back_as_a_processed_file(client):
    file = upload(client, MATTRESS)
    assert file.id.startswith("file-") and len(file.id) == 27
    assert (file.filename, file.purpose, file.status) == ("mydata.jsonl", "fine-tune", "processed")
    assert file.bytes == MATTRESS.stat().st_size
    assert client.files.wait_for_processing(file.id, poll_interval=0.01) == file


def test_an_answer_has_the_fields_of_the_sdk_and_no_others(client):
    answer = client.files.with_raw_response.create(file=MATTRESS, purpose="fine-tune")
    assert set(answer.http_response.json()) == set(FileObject.model_fields)
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_form_has_one_file(client):
    """Each file of a form holds a file handle while the form is read, and those are for all learners of a room."""
    parts = [("file", (f"{number}.jsonl", b'{"a": 1}')) for number in range(2)]
    with pytest.raises(openai.BadRequestError, match="Maximum number of files is 1"):
        client.post("/files", cast_to=object, body={"purpose": "fine-tune"}, files=parts, options=MULTIPART)


@pytest.mark.parametrize("name", ["课" * 255, "<script>.jsonl", 'a"b.jsonl'])
def test_a_name_of_a_file_comes_back_as_it_was_sent(client, name):
    assert client.files.retrieve(upload(client, b'{"a": 1}', name).id).filename.replace("%22", '"') == name


def test_a_name_of_a_file_that_is_no_name_is_refused(client, server):
    with pytest.raises(openai.BadRequestError, match="256 characters; expected at most 255"):
        upload(client, b'{"a": 1}', "a" * 256)
    parts = ('name="purpose"\r\n\r\nfine-tune', 'name="file"; filename="\\ud800"\r\n\r\n{}')
    body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--b--\r\n"
    kind = "Content-Type: multipart/form-data; boundary=b; charset=unicode_escape"
    head = (with_key(server), kind, f"Content-Length: {len(body)}")
    answer = request(server, "POST /v1/files HTTP/1.1", *head, body=body.encode())
    assert answer.status == 400 and "half of an emoji" in answer.error["message"]


def test_the_content_comes_back_byte_for_byte(client):
    content = b'{"a": 1}\r\n\n{"b": "' + "é保修".encode() + b'"}'
    assert client.files.content(upload(client, content).id).read() == content


@pytest.mark.parametrize("start", [b'"{"prompt": "a"}"', b"[1, 2]", b"{broken", b"\xff\xfe{\x00}\x00", b"7"])
def test_a_line_that_is_no_dictionary_is_refused_in_the_real_words(client, start):
    error = rejected(client, start + b'\n{"a": 1}\n')
    shown = start[:3].decode("utf-8", "replace")
    assert error.body["message"] == (
        "Expected file to have JSONL format, where every line is a valid JSON dictionary. "
        f'Line 1 is not a dictionary (HINT: line starts with: "{shown}...").'
    )
    assert (error.type, error.code, error.param) == ("invalid_request_error", None, None)
    assert error.response.headers["x-should-retry"] == "false"


def test_the_line_that_is_no_dictionary_is_named_with_blank_lines_counted(client):
    assert "Line 4 is not" in rejected(client, b'{"a": 1}\n\n{"b": 2}\n"text"\n').body["message"]


@pytest.mark.parametrize(
    "content", [b'\xef\xbb\xbf{"a": 1}\n', b'{"a": 1}\r\n', b'{"any": "thing"}', b'\n\n{"a": 1}\n']
)
def test_no_more_is_asked_at_upload_than_a_dictionary_on_each_line(client, content):
    assert upload(client, content).status == "processed"


def test_a_file_for_another_purpose_may_be_anything(client):
    assert upload(client, b"hello", purpose="user_data").purpose == "user_data"


def test_an_unknown_purpose_is_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        upload(client, b'{"a": 1}', purpose="fun")
    assert caught.value.param == "purpose"


def test_a_purpose_is_required(client):
    with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'purpose'"):
        upload(client, b"{}", purpose=openai.omit)


def test_an_empty_file_is_refused(client):
    assert "empty" in rejected(client, b"").body["message"]


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(monkeypatch, home):
    monkeypatch.setenv("PRACTICE_LIMIT_FILE_BYTES", "1000")
    server = start_server(home=home, job_seconds=0)
    client = openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0)
    with pytest.raises(openai.APIStatusError) as caught:
        upload(client, MATTRESS)
    server.stop()
    assert caught.value.status_code == 413 and list((home / "files").iterdir()) == []


def test_a_refused_upload_leaves_nothing(client, home):
    rejected(client, b"{broken")
    assert list((home / "files").iterdir()) == [] and client.files.list().data == []


def test_files_are_listed_newest_first_by_purpose_and_in_pages(client):
    ids = [upload(client, f'{{"n": {n}}}'.encode()).id for n in range(5)]
    other = upload(client, b"x", purpose="user_data").id
    assert [file.id for file in client.files.list()] == [other, *ids[::-1]]
    assert [file.id for file in client.files.list(purpose="fine-tune", order="asc")] == ids
    page = client.files.list(limit=2, purpose="fine-tune")
    assert page.has_more and [file.id for file in page.data] == ids[:2:-1]
    assert [file.id for file in page] == ids[::-1]  # the client turns the pages by itself
    assert [file.id for file in client.files.list(limit=2, order="asc")] == [*ids, other]


def test_a_page_names_its_ends(client):
    ids = [upload(client, f'{{"n": {n}}}'.encode()).id for n in range(2)]
    body = client.files.with_raw_response.list().http_response.json()
    assert (body["first_id"], body["last_id"], body["has_more"]) == (ids[1], ids[0], False)


def test_a_cursor_that_is_no_file_is_an_error(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.files.list(after="file-nobody")
    assert caught.value.param == "after"


def test_a_deleted_file_is_gone(client, home):
    file = upload(client, MATTRESS)
    assert client.files.delete(file.id).deleted is True
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError, match=file.id):
            call(file.id)
    assert list((home / "files").iterdir()) == []


@pytest.mark.parametrize("name", ["我的 数据.jsonl", "a b.jsonl", "../../outside.jsonl", "x" * 200 + ".jsonl"])
def test_any_name_is_kept_and_none_leads_out_of_the_folder(client, home, name):
    file = upload(client, b'{"a": 1}', name=name)
    assert file.filename in (name, Path(name).name)
    assert client.files.content(file.id).read() == b'{"a": 1}'
    assert [path.name for path in (home / "files").iterdir()] == [file.id]


def test_a_file_whose_content_was_deleted_by_hand_is_a_404_that_says_so(client, home, tuned):
    job = client.fine_tuning.jobs.list().data[0]
    (home / "files" / job.training_file).unlink()
    for call in (
        lambda: client.files.content(job.training_file),
        lambda: client.fine_tuning.jobs.create(model=job.model, training_file=job.training_file),
        lambda: client.chat.completions.create(model=tuned, messages=[{"role": "user", "content": "Hello"}]),
    ):
        with pytest.raises(openai.NotFoundError, match=f"{job.training_file}: the content of this file is gone"):
            call()
