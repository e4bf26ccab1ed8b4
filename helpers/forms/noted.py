"""How a form names what stands in the notes: by name and time, so that a learner sees which one is theirs."""

from datetime import datetime
from typing import Any


def noted_label(name: str, note: dict[str, Any], newest: bool) -> str:
    """`mydata.jsonl, 2026-11-27 03:12, your newest (file-abc)`, the time being that of the note."""
    when = datetime.fromisoformat(note["when"]).astimezone()
    mark = ", your newest" if newest else ""
    own_id = "" if name == note["id"] else f" ({note['id']})"
    return f"{name}, {when:%Y-%m-%d %H:%M}{mark}{own_id}"


def model_name(model: str) -> str:
    """The suffix in `ft:base:organisation:suffix:id`, or what stands for it: the base model, or the name as it is."""
    parts = model.split(":")
    if parts[0] != "ft" or len(parts) < 4:
        return model
    return parts[3] or parts[1]
