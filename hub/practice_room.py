"""A practice room beside a JupyterHub: each user of the hub is a learner of the room, with a key of their own.

For The Littlest JupyterHub, copy this file into /opt/tljh/config/jupyterhub_config.d/, step by step as docs/teaching.md
says. In another hub, whose users' servers run on the same computer: load_subconfig("practice_room.py") in its
jupyterhub_config.py. The room listens on this computer alone.
"""

import asyncio
import json

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

COURSE = "/opt/fine-tuning-course"  # the copy of the course that all users import from
PYTHON = "/opt/tljh/user/bin/python"  # the Python in which it is installed
ROOM = "/srv/practice-room/room"  # the learners' files, jobs and models
USER = "practice-room"  # the user of the system as which the room runs, and who owns that folder; "" for the hub's own
KEY_FILE = "/srv/practice-room/teacher.key"  # the teacher's key: the room makes it, and only USER and root can read it
PORT = 8400
WORKSPACE = "~/fine-tuning-work"  # of each user: notes, and files that the notebooks write
PATIENCE = 30  # seconds, for a room that is just being started

c = get_config()  # noqa: F821 (JupyterHub gives it)


async def give_a_key(spawner) -> None:
    """Let the user into the room. Each start of a server gets a new key, so it is kept nowhere; the work stays."""
    name = spawner.user.name
    answer = await ask({"name": "teacher (user)" if name == "teacher" else name, "new_key": True})
    spawner.environment = {
        **spawner.environment,
        "COURSE_HOST": f"http://127.0.0.1:{PORT}/v1",
        "COURSE_API_KEY": answer["key"],
        "COURSE_WORKSPACE": WORKSPACE,
    }


async def ask(body: dict) -> dict:
    address = f"http://127.0.0.1:{PORT}/practice/room/learners"
    for _ in range(PATIENCE):
        try:
            headers = {"Authorization": f"Bearer {teachers_key()}", "Content-Type": "application/json"}
            answer = await AsyncHTTPClient().fetch(address, method="POST", headers=headers, body=json.dumps(body))
        except (OSError, HTTPClientError) as error:
            if isinstance(error, HTTPClientError) and error.response is not None:
                raise  # it has answered; to ask again does not help
            await asyncio.sleep(1)
        else:
            return json.loads(answer.body)
    raise RuntimeError(f"The practice room does not answer at {address}. The hub's log says why it has not started.")


def teachers_key() -> str:
    """Read when it is needed, and not given to the service by the hub: the hub would keep it in its database."""
    with open(KEY_FILE, encoding="ascii") as file:
        return file.read().strip()


room = {
    "name": "practice-room",
    "command": [PYTHON, "-m", "helpers.practice", "room", "--learners", "0",
                "--host", "127.0.0.1", "--port", str(PORT), "--home", ROOM, "--teacher-key-file", KEY_FILE],
    "cwd": COURSE,
    "user": USER,
    "environment": {"PYTHONUTF8": "1"},
}  # fmt: skip
c.JupyterHub.services.append(room)  # append: the hub may have others, such as the one that ends idle servers
c.Spawner.pre_spawn_hook = give_a_key
