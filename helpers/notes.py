"""The ids a learner must not lose: file, job and model of each host, kept between notebooks and restarts.

They stand in workspace/notes.json, which a person can read. No key is ever written there.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openai
from filelock import FileLock
from openai import OpenAI

from helpers.connection.identity import host_name
from helpers.course_data.paths import workspace
from helpers.training_file.jsonl import written_safely

KEPT = 50  # of each kind; the oldest are let go

KIND_OF = {"file": "file", "fine_tuning.job": "job", "model": "model"}


def remember(client: OpenAI, thing: Any, **details: Any) -> None:
    """Keep the id of a file, a job or a model, as the API returned it. A finished job's model is kept as well."""
    host = host_name(client)
    if isinstance(thing, str):
        add(host, "model", thing, **details)
        return
    kind = KIND_OF.get(getattr(thing, "object", None))
    if kind is None:
        raise TypeError(
            f"thing: found {type(thing).__name__}; expected a file, a job or a model, as the API returns it"
        )
    add(host, kind, thing.id, **details)
    if kind == "job" and thing.fine_tuned_model:
        add(host, "model", thing.fine_tuned_model, job=thing.id)


def add(host: str, kind: str, id: str, **details: Any) -> None:
    """Keep an id as the newest of its kind on a host; one that is known already moves to the front."""
    with _locked() as notes:
        listed = notes.setdefault("hosts", {}).setdefault(host, {}).setdefault(kind, [])
        known = next((note for note in listed if note["id"] == id), {})
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        rest = [note for note in listed if note["id"] != id]
        notes["hosts"][host][kind] = [{**known, "id": id, "when": when, **details}, *rest][:KEPT]


def all_notes(host: str, kind: str) -> list[dict[str, Any]]:
    """Everything kept of a kind on a host, the newest first: dicts with `id`, `when` and details."""
    return _read().get("hosts", {}).get(host, {}).get(kind, [])


def last(host: str, kind: str) -> str | None:
    """The newest id of a kind on a host."""
    listed = all_notes(host, kind)
    return listed[0]["id"] if listed else None


def still_there(client: OpenAI, kind: str, retrieve: Callable[[str], Any]) -> Iterator[Any]:
    """What the notes hold of a kind and the host still knows, as `retrieve` gives it, the newest first.

    Ids that the host no longer knows are let go.
    """
    host = host_name(client)
    for note in all_notes(host, kind):
        try:
            yield retrieve(note["id"])
        except openai.NotFoundError:
            forget(host, kind, note["id"])


def forget(host: str, kind: str, id: str) -> None:
    """Let go of an id that the host no longer knows."""
    with _locked() as notes:
        listed = notes.get("hosts", {}).get(host, {}).get(kind, [])
        listed[:] = [note for note in listed if note["id"] != id]


def chosen_host() -> str | None:
    """The host that the learner chose last, in so many words; None if never."""
    return _read().get("chosen_host")


def choose_host(host: str) -> None:
    with _locked() as notes:
        notes["chosen_host"] = host


# --- the file ------------------------------------------------------------------------------------------------------


def _path() -> Path:
    return workspace() / "notes.json"


def _read() -> dict[str, Any]:
    try:
        return json.loads(_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        # Somebody edited it. It may hold the only trace of a paid model: never overwrite it, ask a human.
        raise ValueError(
            f"workspace/notes.json cannot be read: line {error.lineno}, {error.msg}. Mend it with an editor, or rename it; "
            "the course then starts a new one."
        ) from error


class _locked:
    """Read, change, write back whole; one process at a time."""

    def __enter__(self) -> dict[str, Any]:
        self.lock = FileLock(workspace() / ".notes.lock", timeout=10)
        self.lock.acquire()
        try:
            self.notes = _read()
        except BaseException:
            self.lock.release()
            raise
        return self.notes

    def __exit__(self, kind: Any, *_: Any) -> None:
        try:
            if kind is None:
                with written_safely(_path(), overwrite=True) as file:
                    file.write(json.dumps(self.notes, indent=1, ensure_ascii=False).encode("utf-8"))
        finally:
            self.lock.release()
