"""A room: what one learner makes is nobody else's, and the teacher sees all of it."""

import re
import subprocess
import sys
import urllib.error
import urllib.request

import openai
import pytest

from helpers.course_data.paths import DATA, ROOT
from helpers.practice.room.command import main
from helpers.practice.room.keys_page import free_page
from helpers.practice.room.register import names_of
from helpers.practice.room.server import start_room
from helpers.practice.settings import PracticeHomeError

MODEL = "gpt-4.1-mini-2025-04-14"
NAMES = ["Ada", "Chen 陈", "Zoë <b>"]


@pytest.fixture
def rooms(tmp_path):
    """Starts the server of a room, again and again in the same folder."""
    started = []

    def start(names=(), **options):
        started.append(start_room(list(names), tmp_path / "a room", **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def room(rooms):
    return rooms(NAMES)


def client_of(room, name, key=None):
    return openai.OpenAI(base_url=room.base_url, api_key=key or room.new_keys[name], max_retries=0)


def as_teacher_for(room, number):
    """The teacher's key at the seat of a learner."""
    address = room.base_url.replace("/v1", f"/practice/room/learners/{number}/v1")
    return openai.OpenAI(base_url=address, api_key=room.new_keys["teacher"], max_retries=0)


def train(client, suffix="tone"):
    file = client.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    job = client.fine_tuning.jobs.create(model=MODEL, training_file=file.id, suffix=suffix)
    return file, client.fine_tuning.jobs.retrieve(job.id)


def ask(client, model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "How long is it?"}])


def practice(room, method, path, key, body=None):
    """One of the practice server's own calls."""
    client = openai.OpenAI(base_url=room.base_url.removesuffix("/v1"), api_key=key, max_retries=0)
    return getattr(client, method)(f"/practice/{path}", cast_to=object, **({"body": body} if body else {}))


# --- keys ---------------------------------------------------------------------------------------------------------


def test_each_learner_and_the_teacher_get_a_key_of_their_own_and_none_of_them_stands_in_the_room(room):
    keys = room.new_keys
    assert set(keys) == {"teacher", *NAMES} and len(set(keys.values())) == 4
    for name in keys:
        assert client_of(room, name).models.list().data
    room.stop()  # to read a database while it is open here would take its locks away
    kept = b"".join(path.read_bytes() for path in room.home.rglob("*") if path.is_file())
    assert not any(key.encode() in kept for key in keys.values())
    assert not any(key in repr(room) for key in keys.values())


def test_after_a_restart_the_keys_and_the_work_are_the_same_and_more_learners_can_come(rooms):
    first = rooms(NAMES)
    key = first.new_keys["Ada"]
    _, job = train(client_of(first, "Ada"))
    first.stop()
    second = rooms([*NAMES, "Late"])
    assert set(second.new_keys) == {"Late"}
    assert client_of(second, "Ada", key).fine_tuning.jobs.retrieve(job.id).status == "succeeded"
    assert client_of(second, "Late").fine_tuning.jobs.list().data == []


def test_a_lost_key_is_replaced_and_the_old_one_opens_nothing(rooms):
    first = rooms(NAMES)
    old = first.new_keys
    file, _ = train(client_of(first, "Ada"))
    first.stop()
    second = rooms(new_key_for="Ada")
    with pytest.raises(openai.AuthenticationError):
        client_of(second, "Ada", old["Ada"]).models.list()
    assert client_of(second, "Ada").files.retrieve(file.id).id == file.id
    assert client_of(second, "Zoë <b>", old["Zoë <b>"]).models.list().data
    second.stop()
    third = rooms(new_key_for="teacher")
    with pytest.raises(openai.AuthenticationError):
        practice(third, "get", "room/overview", old["teacher"])
    assert practice(third, "get", "room/overview", third.new_keys["teacher"])


def test_somebody_unknown_is_named_with_those_who_are_there(rooms):
    rooms(NAMES).stop()
    with pytest.raises(ValueError, match="found 'Bob'; expected one of teacher, Ada"):
        rooms(new_key_for="Bob")


@pytest.mark.parametrize("path", ["/v1/models", "/practice/room", "/practice/room/overview", "/practice/room/room.js"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}, {"Authorization": "Basic bm86bm8="}])
def test_a_stranger_is_refused_everywhere(room, path, headers):
    request = urllib.request.Request(room.base_url.removesuffix("/v1") + path, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 401
    asks = caught.value.headers["www-authenticate"]
    assert asks.startswith("Basic") if path.startswith("/practice/room") else asks is None


def test_a_learner_with_a_wrong_key_is_sent_to_the_teacher(room):
    with pytest.raises(openai.AuthenticationError, match="the one that your teacher gave you"):
        client_of(room, "Ada", "practice-of-nobody").models.list()


def test_two_servers_of_one_room_are_refused(rooms):
    rooms(NAMES)
    with pytest.raises(PracticeHomeError, match="another server serves this room"):
        rooms(NAMES)


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "no name"), ("Ada\nAda\n", "'Ada' twice"), ("teacher", "'teacher'"), ("a" * 61, "'aaa"), ("a\x07b", "a")],
)
def test_a_list_of_names_that_cannot_be_is_refused(tmp_path, text, found):
    file = tmp_path / "names.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"found .*{found}.*expected one name on each line"):
        names_of(None, file)


def test_a_damaged_register_is_named_and_left_as_it_is(rooms, tmp_path):
    (tmp_path / "a room").mkdir()
    (tmp_path / "a room" / "room.json").write_text('{"teacher": "x", "learners": [{"a": 1}]}')
    with pytest.raises(ValueError, match=r"room\.json is damaged"):
        rooms(NAMES)
    assert '"a": 1' in (tmp_path / "a room" / "room.json").read_text()


# --- nobody else's ------------------------------------------------------------------------------------------------


def test_nobody_sees_uses_or_deletes_what_another_has_made(room):
    ada, chen = client_of(room, "Ada"), client_of(room, "Chen 陈")
    file, job = train(ada)
    assert chen.files.list().data == [] and chen.fine_tuning.jobs.list().data == []
    assert job.fine_tuned_model not in [model.id for model in chen.models.list()]
    for attempt in (
        lambda: chen.files.retrieve(file.id),
        lambda: chen.files.content(file.id),
        lambda: chen.files.delete(file.id),
        lambda: chen.fine_tuning.jobs.retrieve(job.id),
        lambda: chen.fine_tuning.jobs.list_events(job.id),
        lambda: chen.fine_tuning.jobs.cancel(job.id),
        lambda: chen.fine_tuning.jobs.checkpoints.list(job.id),
        lambda: chen.models.delete(job.fine_tuned_model),
        lambda: ask(chen, job.fine_tuned_model),
    ):
        with pytest.raises(openai.NotFoundError):
            attempt()
    with pytest.raises(openai.BadRequestError):
        chen.fine_tuning.jobs.create(model=MODEL, training_file=file.id)
    for learner in ("Ada", "Chen 陈"):
        with pytest.raises(openai.NotFoundError):
            practice(room, "get", "room/overview", room.new_keys[learner])
    assert ask(ada, job.fine_tuned_model).choices[0].message.content


def test_an_error_that_one_learner_plants_is_met_by_that_learner_only(room):
    practice(room, "post", "faults", room.new_keys["Ada"], {"fault": "server_error"})
    assert client_of(room, "Chen 陈").models.list().data
    with pytest.raises(openai.InternalServerError):
        client_of(room, "Ada").models.list()


def test_each_learner_has_room_for_so_many_bytes(rooms, monkeypatch):
    monkeypatch.setenv("PRACTICE_LIMIT_LEARNER_BYTES", "3000")
    room = rooms(NAMES)
    ada = client_of(room, "Ada")
    file = ada.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    with pytest.raises(openai.APIStatusError, match="more than the 3,000 bytes"):
        ada.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    assert client_of(room, "Chen 陈").files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")
    ada.files.delete(file.id)
    assert ada.files.create(file=DATA / "mydata.jsonl", purpose="fine-tune")


# --- the teacher --------------------------------------------------------------------------------------------------


def test_the_teacher_sees_who_is_at_which_step_and_why_a_job_failed(room):
    ada, chen = client_of(room, "Ada"), client_of(room, "Chen 陈")
    _, job = train(ada)
    ask(ada, job.fine_tuned_model)
    practice(room, "post", "faults", room.new_keys["Chen 陈"], {"fault": "safety_evaluation"})
    train(chen)
    seen = practice(room, "get", "room/overview", room.new_keys["teacher"])
    of_ada, of_chen, of_zoe = seen["learners"]
    assert (of_ada["name"], seen["steps"][of_ada["step"]]) == ("Ada", "questions asked")
    assert of_ada["job"]["status"] == "succeeded" and of_ada["bytes"] > 0 and of_ada["last_seen"] <= seen["at"]
    assert of_chen["job"]["status"] == "failed" and "moderation" in of_chen["job"]["error"]
    assert (seen["steps"][of_zoe["step"]], of_zoe["last_seen"], of_zoe["job"]) == ("not seen yet", None, None)
    assert seen["disk_free"] > 0 and seen["memory_used"] > 0
    assert seen["trainings_at_once"] == 0, "none is real here; else how many go on at once, while the others wait"


def test_the_teacher_reads_stops_and_deletes_at_a_learners_seat(rooms):
    room = rooms(NAMES, job_seconds=60)
    ada, teacher = client_of(room, "Ada"), as_teacher_for(room, 1)
    file, job = train(ada)
    assert teacher.files.content(file.id).text == (DATA / "mydata.jsonl").read_text(encoding="utf-8")
    assert teacher.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    assert ada.fine_tuning.jobs.retrieve(job.id).status == "cancelled"
    teacher.files.delete(file.id)
    assert ada.files.list().data == []
    with pytest.raises(openai.NotFoundError, match="No such learner object: 9"):
        as_teacher_for(room, 9).models.list()
    with pytest.raises(openai.NotFoundError, match="Invalid URL"):
        as_teacher_for(room, "9" * 5000).models.list()


def test_an_error_for_everybody_is_met_by_every_learner_and_not_by_the_teacher(room):
    key = room.new_keys["teacher"]
    practice(room, "post", "room/faults", key, {"fault": "rate_limit"})
    assert client_of(room, "teacher").models.list().data and as_teacher_for(room, 1).models.list().data
    for name in NAMES[:2]:
        with pytest.raises(openai.RateLimitError):
            client_of(room, name).models.list()
    practice(room, "delete", "room/faults", key)
    assert client_of(room, NAMES[2]).models.list().data


def test_another_page_cannot_act_with_the_key_that_the_teachers_browser_knows(room):
    import base64

    import httpx

    known = {"Authorization": "Basic " + base64.b64encode(f"me:{room.new_keys['teacher']}".encode()).decode()}
    address = room.base_url.removesuffix("/v1") + "/practice/room"
    for path in ("/faults", "/learners/1/v1/fine_tuning/jobs/x/cancel"):
        answer = httpx.post(address + path, headers={**known, "Origin": "http://elsewhere.example"}, trust_env=False)
        assert answer.status_code == 403 and "another page" in answer.json()["error"]["message"]
    # Outside the page and what belongs to it, a key that a browser knows opens nothing.
    assert httpx.get(room.base_url + "/models", headers=known, trust_env=False).status_code == 401
    # A slash at the end leads to no other host, whatever the request calls this one.
    slash = httpx.get(f"{address}/", headers={**known, "Host": "evil.example"}, trust_env=False)
    assert slash.status_code == 404 and "location" not in slash.headers
    page = httpx.get(address, headers=known, trust_env=False)
    assert page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]


# --- the command --------------------------------------------------------------------------------------------------


def test_the_command_writes_a_page_of_keys_for_its_owner_and_tells_the_teacher_where_to_look(tmp_path):
    home = tmp_path / "new room"
    command = [sys.executable, "-u", "-m", "helpers.practice", "room", "--learners", "3", "--home", str(home)]
    process = subprocess.Popen([*command, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        page = home / "keys.html"
        card = r"<h2>(Learner \d)</h2>.*?COURSE_HOST=(\S+)\s+export COURSE_API_KEY=([\w-]+)"
        keys = re.findall(card, page.read_text(encoding="utf-8"), re.DOTALL)
        assert [name for name, _, _ in keys] == ["Learner 1", "Learner 2", "Learner 3"]
        if sys.platform != "win32":
            assert page.stat().st_mode & 0o077 == 0
        assert "Nothing that is sent there is encrypted" in said
        address = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
        assert f"{address}/practice/room" in said
        client = openai.OpenAI(base_url=f"{address}/v1", api_key=keys[2][2])
        assert client.models.list().data
        assert not any(key in said for _, _, key in keys)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_without_a_learner_the_command_says_what_to_add(tmp_path):
    command = [sys.executable, "-m", "helpers.practice", "room", "--home", str(tmp_path / "r"), "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "expected --learners NUMBER or --names FILE" in done.stderr


def test_keys_of_later_learners_go_to_a_page_of_their_own(tmp_path):
    (tmp_path / "keys.html").touch()
    assert free_page(tmp_path).name == "keys-2.html"
    (tmp_path / "keys-2.html").touch()
    assert free_page(tmp_path).name == "keys-3.html"


def test_a_page_that_is_there_is_not_written_over_and_nobody_is_let_in(tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text("other keys")
    assert main(["--learners", "2", "--home", str(tmp_path / "r"), "--port", "0", "--page", str(page)]) == 1
    assert "may be the only place of other keys" in capsys.readouterr().err
    assert page.read_text() == "other keys" and not (tmp_path / "r").exists()


def test_where_no_page_can_be_nobody_is_let_in_whose_key_would_be_lost(tmp_path, capsys):
    page = tmp_path / "no such folder" / "page.html"
    assert main(["--learners", "2", "--home", str(tmp_path / "r"), "--port", "0", "--page", str(page)]) == 1
    assert "is no folder" in capsys.readouterr().err and not (tmp_path / "r").exists()


@pytest.mark.parametrize("why", ["a setting", "a foreign database", "an unknown learner"])
def test_a_room_that_does_not_open_makes_no_keys_that_nobody_would_know(rooms, tmp_path, monkeypatch, why):
    foreign = tmp_path / "a room" / "learners" / "000" / "practice.sqlite"
    with monkeypatch.context() as changed:
        if why == "a setting":
            changed.setenv("PRACTICE_LOCAL_MODELS", "qwen")
        elif why == "a foreign database":
            foreign.parent.mkdir(parents=True)
            foreign.write_text("something else")
        with pytest.raises((ValueError, OSError)):
            start_room(NAMES, tmp_path / "a room", new_key_for="Nobody" if why == "an unknown learner" else None)
    foreign.unlink(missing_ok=True)
    assert set(rooms(NAMES).new_keys) == {*NAMES, "teacher"}


def test_a_folder_that_cannot_be_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["--learners", "2", "--home", str(tmp_path / "file" / "room"), "--port", "0"]) == 1
    assert "--home" in (said := capsys.readouterr().err) and "cannot be used" in said
