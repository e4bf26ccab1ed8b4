"""What one learner may keep, so that the disk is there for all."""

import time

import openai
import pytest

from helpers.practice.room.server import start_room
from tests.practice.raw_http import connect, read
from tests.waiting import until

MODEL = "gpt-4.1-mini-2025-04-14"


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.setenv("PRACTICE_LIMIT_LEARNER_BYTES", "5000")  # one file of the course is longer
    running = start_room(["jo", "kim"], tmp_path / "room", job_seconds=0)
    yield running
    running.stop()


def client_of(room, name: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=room.base_url, api_key=room.new_keys[name], max_retries=0)


def upload(client, path) -> str:
    return client.files.create(file=path, purpose="fine-tune").id


def refusal(client, path) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        upload(client, path)
    assert (caught.value.status_code, caught.value.code) == (413, "learner_quota")
    return caught.value


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Starts a room with other bounds, given by name."""
    rooms = []

    def start(**limits):
        for name, value in limits.items():
            monkeypatch.setenv(f"PRACTICE_LIMIT_{name.upper()}", str(value))
        rooms.append(start_room(["jo", "kim"], tmp_path / "another room", job_seconds=0))
        return rooms[-1]

    yield start
    for room in rooms:
        room.stop()


def test_the_smallest_file_takes_a_block_of_the_disk(started):
    room = started(learner_bytes=3 * 4096)
    jo = client_of(room, "jo")
    for _ in range(3):
        jo.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
    with pytest.raises(openai.APIStatusError) as caught:
        jo.files.create(file=("a.jsonl", b"{}"), purpose="fine-tune")
    assert caught.value.code == "learner_quota"


def test_files_that_come_at_the_same_moment_do_not_all_slip_into_the_share(started, mattress):
    room = started(learner_bytes=5000)
    name = 'Content-Disposition: form-data; name="file"; filename="a.jsonl"'
    purpose = 'Content-Disposition: form-data; name="purpose"\r\n\r\nfine-tune'
    body = f"--b\r\n{purpose}\r\n--b\r\n{name}\r\n\r\n{mattress.read_text('utf-8')}\r\n--b--\r\n".encode()
    head = f"POST /v1/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {room.new_keys['jo']}\r\n"
    kind = f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    uploads = [connect(room) for _ in range(4)]
    for upload in uploads:
        upload.sendall(f"{head}{kind}".encode() + body[:100])
    time.sleep(0.5)  # so that each of them would have been let in by now
    for upload in uploads:
        upload.sendall(body[100:])
    assert sorted(read(upload).status for upload in uploads) == [200, 413, 413, 413]
    for upload in uploads:
        upload.close()


def test_what_jobs_make_has_a_bound_too_and_the_learner_is_told_what_to_delete(started, mattress):
    room = started(learner_model_bytes=4 * 4096)
    jo = client_of(room, "jo")
    file = upload(jo, mattress)
    for _ in range(2):  # each takes a block for itself and one for its result file
        job = jo.fine_tuning.jobs.create(model=MODEL, training_file=file).id
        result = jo.fine_tuning.jobs.retrieve(job).result_files[0]
    with pytest.raises(openai.APIStatusError, match=r"models\.delete") as caught:
        jo.fine_tuning.jobs.create(model=MODEL, training_file=file)
    assert (caught.value.status_code, caught.value.code) == (413, "learner_quota")
    assert upload(jo, mattress) and client_of(room, "kim").files.list().data == []
    jo.files.delete(result)
    assert jo.fine_tuning.jobs.create(model=MODEL, training_file=file)


def test_a_training_counts_with_all_that_it_has_left_on_the_disk(started, mattress):
    room = started(learner_model_bytes=100_000)
    jo = client_of(room, "jo")
    file = upload(jo, mattress)
    adapter = room.home / "learners" / "001" / "training" / "ftjob-1" / "checkpoints" / "checkpoint-3"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(b"x" * 100_000)
    with pytest.raises(openai.APIStatusError, match=r"models\.delete"):
        jo.fine_tuning.jobs.create(model=MODEL, training_file=file)


def test_who_has_too_many_requests_open_is_told_to_wait_and_nobody_else_is(started):
    room = started(learner_waiting=5, learner_requests=2)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {room.new_keys['jo']}\r\n"
    held = [connect(room) for _ in range(5)]
    for connection in held:  # the body does not come
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n".encode())
    until(lambda: room.room.seats[1].open_requests == 5)
    with pytest.raises(openai.RateLimitError, match="5 requests here that are not answered yet"):
        client_of(room, "jo").models.list()
    assert client_of(room, "kim").models.list().data
    for connection in held:
        connection.close()
    until(lambda: room.room.seats[1].open_requests == 0)
    assert client_of(room, "jo").models.list().data


def test_a_learner_cannot_plant_so_many_faults_that_the_teachers_page_has_no_end(started):
    room = started()
    jo = client_of(room, "jo")
    address = room.base_url.removesuffix("/v1") + "/practice/faults"
    for _ in range(100):
        jo.post(address, cast_to=object, body={"fault": "safety_evaluation"})
    with pytest.raises(openai.BadRequestError, match="100 faults are planted already"):
        jo.post(address, cast_to=object, body={"fault": "safety_evaluation"})
    jo.delete(address, cast_to=object)
    assert jo.post(address, cast_to=object, body={"fault": "safety_evaluation"})


def test_who_has_filled_their_share_is_told_what_to_do_and_nobody_else_is(room, mattress):
    upload(client_of(room, "jo"), mattress)
    assert "files.delete" in str(refusal(client_of(room, "jo"), mattress))
    assert upload(client_of(room, "kim"), mattress)


def test_a_deleted_file_makes_room_for_another(room, mattress):
    client = client_of(room, "jo")
    client.files.delete(upload(client, mattress))
    assert upload(client, mattress)


def test_a_deleted_file_that_a_job_needs_still_takes_its_room(room, mattress):
    client = client_of(room, "jo")
    file = upload(client, mattress)
    client.fine_tuning.jobs.create(model=MODEL, training_file=file)
    client.files.delete(file)
    refusal(client, mattress)
