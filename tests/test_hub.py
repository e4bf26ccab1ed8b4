"""The room beside a JupyterHub, as its configuration file starts it and as a user's notebook meets it."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from types import SimpleNamespace

import openai
import psutil
import pytest
from traitlets.config.loader import PyFileConfigLoader

from helpers.course_data.paths import ROOT

# As The Littlest JupyterHub loads a file of jupyterhub_config.d, beside a service of its own.
HUB = """
c = get_config()
c.JupyterHub.services = [{"name": "cull-idle"}]
load_subconfig("practice_room.py")
"""


def load_hub(folder):
    return PyFileConfigLoader("jupyterhub_config.py", str(folder)).load_config()


def environment_of(config, user: str) -> dict[str, str]:
    """What JupyterHub adds to the environment of the server of a user."""
    spawner = SimpleNamespace(user=SimpleNamespace(name=user), environment={"OTHER": "kept"})
    asyncio.run(config.Spawner.pre_spawn_hook(spawner))
    return spawner.environment


def client_of(environment: dict[str, str]) -> openai.OpenAI:
    return openai.OpenAI(base_url=environment["COURSE_HOST"], api_key=environment["COURSE_API_KEY"], max_retries=0)


@pytest.fixture
def folder(tmp_path):
    """A hub's folder with the configuration file, whose settings at the top are those of this computer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = (ROOT / "hub" / "practice_room.py").read_text(encoding="utf-8")
    for name, value in {
        "COURSE": str(ROOT), "PYTHON": sys.executable, "ROOM": str(tmp_path / "a room"), "USER": "",
        "KEY_FILE": str(tmp_path / "teacher.key"), "PORT": port,
    }.items():  # fmt: skip
        text, changed = re.subn(rf"(?m)^{name} = .*", lambda _, n=name, v=value: f"{n} = {v!r}", text)
        assert changed == 1, name
    (tmp_path / "practice_room.py").write_text(text, encoding="utf-8")
    (tmp_path / "jupyterhub_config.py").write_text(HUB, encoding="utf-8")
    return tmp_path


@pytest.fixture
def hub(folder):
    """The configuration of a hub whose service runs."""
    config = load_hub(folder)
    service = config.JupyterHub.services[-1]
    running = subprocess.Popen(
        service["command"], cwd=service["cwd"], env={**os.environ, **service["environment"]},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    )  # fmt: skip
    yield SimpleNamespace(config=config, process=running)
    if running.poll() is None:
        running.kill()
    running.communicate()


def test_each_user_of_the_hub_gets_an_own_key_that_works(hub, mattress):
    one, other = (environment_of(hub.config, name) for name in ("jo", "kim"))
    assert one["COURSE_API_KEY"] != other["COURSE_API_KEY"] and one["OTHER"] == "kept"
    file = client_of(one).files.create(file=mattress, purpose="fine-tune")
    assert client_of(other).files.list().data == []
    assert [each.id for each in client_of(one).files.list()] == [file.id]


def test_host_and_key_in_the_environment_are_all_that_a_notebook_needs(hub, tmp_path):
    added = environment_of(hub.config, "jo") | {"COURSE_WORKSPACE": str(tmp_path / "work")}
    code = "from helpers import connect; client = connect(); print(client.base_url, bool(client.models.list().data))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **added}, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.splitlines()[1:] == [f"{added['COURSE_HOST']}/ True"], run.stderr


def test_a_server_that_starts_again_gets_a_new_key_and_finds_its_work(hub, mattress):
    before = client_of(environment_of(hub.config, "jo"))
    file = before.files.create(file=mattress, purpose="fine-tune")
    after = client_of(environment_of(hub.config, "jo"))
    assert [each.id for each in after.files.list()] == [file.id]
    with pytest.raises(openai.AuthenticationError):
        before.models.list()


def test_a_user_called_teacher_is_a_learner(hub):
    learner = client_of(environment_of(hub.config, "teacher"))
    assert learner.models.list().data
    with pytest.raises(openai.NotFoundError):
        learner.get(str(learner.base_url).replace("/v1/", "/practice/room/overview"), cast_to=object)


def test_the_services_of_the_hub_stay_beside_the_room(folder):
    assert [service["name"] for service in load_hub(folder).JupyterHub.services] == ["cull-idle", "practice-room"]


def test_no_key_is_given_to_the_hub_which_would_keep_it_in_its_database(hub, folder):
    environment_of(hub.config, "jo")  # the room has started, so the key is there
    assert (folder / "teacher.key").read_text(encoding="ascii") not in str(hub.config.JupyterHub)


def test_no_key_is_in_the_list_of_processes_or_in_what_the_room_prints(hub, folder):
    """What a service prints stands in the hub's log."""
    keys = [environment_of(hub.config, "jo")["COURSE_API_KEY"], (folder / "teacher.key").read_text(encoding="ascii")]
    shown = " ".join(psutil.Process(hub.process.pid).cmdline())
    hub.process.terminate()
    printed = hub.process.communicate(timeout=30)[0]
    assert "The room is open" in printed
    assert not any(key in shown + printed for key in keys)
