"""The ids a learner must not lose: file, job and model of each host, kept between notebooks and restarts.

They stand in workspace/notes.json, which a person can read. No key is ever written there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import openai
from openai import OpenAI

from helpers.connection.errors import ShownInSentences, is_about_an_id
from helpers.connection.identity import host_name, practice_home, shown_name
from helpers.course_data.kept_json import KeptJson
from helpers.course_data.paths import workspace as workspace  # offered to notebooks from here

KIND_OF = {"file": "file", "fine_tuning.job": "job", "model": "model"}


class NotesError(ShownInSentences, ValueError):
    """workspace/notes.json cannot be read or written. It may hold the only trace of a paid model: a person decides."""


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
    """Keep an id as the newest of its kind on a host. One that is known already moves to the front, with its details.

    Args:
        host: The host's name, as `host_name` gives it.
        kind: "file", "validation", "job" or "model".
        id: The id, as the API returned it.
        **details: What else is kept with it, such as `sha256` or `job`.
    """
    with KEPT.changing() as notes:
        listed = notes.setdefault("hosts", {}).setdefault(host, {}).setdefault(kind, [])
        known = next((note for note in listed if note["id"] == id), {})
        kept = {name: value for name, value in known.items() if name != "gone"}
        listed[:] = [{**kept, "id": id, "when": _now(), **details}, *(note for note in listed if note["id"] != id)]


@contextmanager
def told_if_not_kept(done: str, do_next: str, tell: Callable[[str], Any] = print) -> Iterator[None]:
    """Keep an id after a step that must not be done twice: if that fails, it is told, and the step counts as done.

    Args:
        done: The step, with the id that would be lost, such as "Job ftjob-abc was started".
        do_next: What the learner does now.
        tell: Gets the sentence.
    """
    try:
        yield
    except (NotesError, OSError) as error:
        tell(f"{done}, but could not be noted: {str(error).rstrip('.')}. {do_next}")


def all_notes(host: str, kind: str) -> list[dict[str, Any]]:
    """What is kept of a kind on a host and is not marked as gone, newest first: dicts with `id`, `when`, details."""
    return [note for note in _listed(KEPT.read(), host, kind) if "gone" not in note]


def last(host: str, kind: str) -> str | None:
    """The newest id of a kind on a host."""
    listed = all_notes(host, kind)
    return listed[0]["id"] if listed else None


def still_there(client: OpenAI, kind: str, retrieve: Callable[[str], Any]) -> Iterator[Any]:
    """What the notes hold of a kind and the host still knows, as `retrieve` gives it, the newest first.

    An id that the host does not know is marked as gone, and its note is kept. Those that are marked already are asked
    for last, because a host that was wrong once may know them again.
    """
    adopt(client)
    host = host_name(client)
    for note in sorted(_listed(KEPT.read(), host, kind), key=lambda note: "gone" in note):
        try:
            found = retrieve(note["id"])
        except openai.NotFoundError as error:
            if "gone" not in note and is_about_an_id(error):  # and not about a path that this host does not have
                mark(host, kind, note["id"], gone=True)
            continue
        if "gone" in note:
            mark(host, kind, note["id"], gone=False)
        yield found


def mark(host: str, kind: str, id: str, *, gone: bool) -> None:
    """Write down that the host does not know an id any more, with the time, or that it does again."""
    with KEPT.changing() as notes:
        for note in _listed(notes, host, kind):
            if note["id"] == id and gone:
                note.setdefault("gone", _now())
            elif note["id"] == id:
                note.pop("gone", None)


def adopt(client: OpenAI) -> None:
    """Give a practice home the notes that were made before homes had ids, as far as it knows them.

    Before, all homes of a computer shared one list. It stays as it is, for the other homes; each takes its own once.
    """
    home = practice_home(client)
    if home is None or not home.id:
        return
    host, notes = host_name(client), KEPT.read()
    shared = notes.get("hosts", {}).get(shown_name(client), {})
    if not shared or host in notes.get("adopted", []):
        return
    calls = {"file": client.files, "validation": client.files, "job": client.fine_tuning.jobs, "model": client.models}
    try:
        own = {
            kind: [note for note in shared.get(kind, []) if _knows(call.retrieve, note["id"])]
            for kind, call in calls.items()
        }
    except openai.OpenAIError:
        return  # the server has another problem now; it is asked next time
    with KEPT.changing() as notes:
        for kind, taken in own.items():
            listed = notes["hosts"].setdefault(host, {}).setdefault(kind, [])
            known = {note["id"] for note in listed}
            listed += [note for note in taken if note["id"] not in known]
        notes.setdefault("adopted", []).append(host)


def _knows(retrieve: Callable[[str], Any], id: str) -> bool:
    try:
        retrieve(id)
    except openai.NotFoundError:
        return False
    return True


def chosen_host() -> str | None:
    """The host that the learner chose last; None if never."""
    return KEPT.read().get("chosen_host")


def choose_host(host: str) -> None:
    with KEPT.changing() as notes:
        notes["chosen_host"] = host


def chosen_file() -> dict[str, Any] | None:
    """What `choose_file` was given last; None if never, and empty if the course's file was chosen again."""
    return KEPT.read().get("chosen_file")


def choose_file(chosen: dict[str, Any]) -> None:
    """Keep which file the notebooks work with, and how it is read."""
    with KEPT.changing() as notes:
        notes["chosen_file"] = chosen


# --- the file ------------------------------------------------------------------------------------------------------


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _listed(notes: dict[str, Any], host: str, kind: str) -> list[dict[str, Any]]:
    return notes.get("hosts", {}).get(host, {}).get(kind, [])


def _is_sound(notes: Any) -> bool:
    """Whether everything that the course reads of its notes has the type with which it writes it."""
    if not isinstance(notes, dict) or not isinstance(notes.get("chosen_host", ""), str):
        return False
    if not _is_choice(notes.get("chosen_file", {})):
        return False
    hosts, adopted = notes.get("hosts", {}), notes.get("adopted", [])
    if not isinstance(hosts, dict) or not isinstance(adopted, list):
        return False
    return all(isinstance(kinds, dict) and all(map(_are_notes, kinds.values())) for kinds in hosts.values())


def _is_choice(chosen: Any) -> bool:
    """Nothing, or a file with its name and the way in which it is read."""
    if not isinstance(chosen, dict):
        return False
    texts = [chosen.get(key, "") for key in ("path", "name", "made")] + [chosen.get("validation") or ""]
    whole = not chosen or ("path" in chosen and "name" in chosen and isinstance(chosen.get("reading"), dict))
    return whole and all(isinstance(text, str) for text in texts)


def _are_notes(listed: Any) -> bool:
    return isinstance(listed, list) and all(
        isinstance(note, dict) and isinstance(note.get("id"), str) for note in listed
    )


KEPT = KeptJson(
    "notes",
    NotesError,
    _is_sound,
    "chosen_host as a text, chosen_file with a path, a name and how it is read, a list of adopted, and hosts with "
    "kinds of notes, each note with an id",
)
