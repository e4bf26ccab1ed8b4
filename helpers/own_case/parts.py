"""What is made of a file that was chosen: a part to learn from, a part to check with, questions to try.

All of it lies in a folder of its own, named after the contents. So nothing is ever written over: another file, or
the same one after a change, gets another folder.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from helpers.connection.errors import ShownInSentences
from helpers.course_data.safe_writing import written_safely
from helpers.data_format import split, write
from helpers.display.tables import cut, plural
from helpers.examples_from import examples_from
from helpers.training_file.quality import SYSTEM_ROLES, messages_of
from helpers.training_file.rules import MIN_EXAMPLES, Example

HELD_BACK = 0.2  # of the examples
FEWEST_QUESTIONS, MOST_QUESTIONS = 6, 12
MOST_LEFT_OUT = 10  # that are told
LONGEST_STEM, LONGEST_SUFFIX = 40, 40  # characters
NO_SUFFIX = "my-file"  # where a name has no Latin letters


class CaseError(ShownInSentences, ValueError):
    """A file that was chosen cannot be used."""


@dataclass(frozen=True)
class About:
    """What stands beside the two parts, as JSON. The first question is one of the training file."""

    system: str | None
    questions: list[str]
    counts: tuple[int, int]
    left_out: list[str]


@dataclass(frozen=True)
class Parts:
    training_file: Path
    validation_file: Path
    system: str | None
    questions: tuple[str, ...]
    counts: tuple[int, int]
    left_out: tuple[str, ...]


def fingerprint(source: Path, validation: Path | None, reading: dict[str, Any]) -> str:
    """Another one as soon as a file has changed, or is to be read in another way."""
    whole = hashlib.sha256(json.dumps(reading, sort_keys=True).encode())
    for path in filter(None, (source, validation)):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:12]


def load(folder: Path, name: str) -> Parts | None:
    """What was made before; None if that is missing or cannot be read: then it is made again."""
    training, validation, about = _paths(folder, name)
    if not (training.is_file() and validation.is_file()):
        return None
    try:
        kept = json.loads(about.read_text(encoding="utf-8"))
        return _parts(folder, name, About(kept["system"], kept["questions"], tuple(kept["counts"]), kept["left_out"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def make(folder: Path, name: str, source: Path, validation: Path | None, reading: dict[str, Any]) -> Parts:
    """Read the file, hold a part of it back, write both. Raises CaseError, and what `examples_from` raises."""
    found = examples_from(source, **reading)
    if validation is None:
        to_learn, to_check = _split(found, name)
    else:
        to_learn, to_check = list(found), list(examples_from(validation, **reading))
        _enough(name, len(to_learn), MIN_EXAMPLES)
    system = _usual_system(to_learn)
    known, others = list(_questions(to_learn, system)), list(_questions(to_check, system))
    if not known:
        raise CaseError(f"{name}: found no example with a question; expected a user message before the answer.")
    first, *more = known
    # The first and the last are such as were held back, however few there are.
    filling = [*more, *[first] * FEWEST_QUESTIONS][: max(0, FEWEST_QUESTIONS - 1 - len(others))]
    filled = [*others[:1], *filling, *others[1:]]
    about = About(
        system,
        [first, *filled][:MOST_QUESTIONS],
        (len(to_learn), len(to_check)),
        [cut(str(each), 200) for each in found.skipped[:MOST_LEFT_OUT]],
    )
    folder.mkdir(parents=True, exist_ok=True)
    training_file, validation_file, about_file = _paths(folder, name)
    write(to_learn, training_file, overwrite=True)
    write(to_check, validation_file, overwrite=True)
    with written_safely(about_file, overwrite=True) as file:
        text = json.dumps(asdict(about), ensure_ascii=False, indent=1)
        file.write(text.encode("utf-8", "backslashreplace"))  # half of an emoji, as JSON writes it: \ud83d
    return _parts(folder, name, about)


def suffix_of(name: str) -> str:
    """A name of a file as a suffix, which takes Latin letters and digits.

    >>> suffix_of("Tea shop (GBK).csv"), suffix_of("Föhnwind.json"), suffix_of("茶店.csv")
    ('tea-shop-gbk', 'fohnwind', 'my-file')
    """
    plain = unicodedata.normalize("NFKD", Path(name).stem.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_SUFFIX].strip("-") or NO_SUFFIX


def _paths(folder: Path, name: str) -> tuple[Path, Path, Path]:
    """A file is uploaded under its name, so that it can be told from others on the host."""
    stem = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", Path(name).stem)[:LONGEST_STEM].strip(" .") or "examples"
    return folder / f"{stem}_training.jsonl", folder / f"{stem}_validation.jsonl", folder / "about.json"


def _parts(folder: Path, name: str, about: About) -> Parts:
    training, validation, _ = _paths(folder, name)
    return Parts(training, validation, about.system, tuple(about.questions), tuple(about.counts), tuple(about.left_out))


def _split(examples: list[Example], name: str) -> tuple[list[Example], list[Example]]:
    """A fifth is held back, as far as enough for a job is left."""
    count = len(examples)
    _enough(name, count, MIN_EXAMPLES + 1, ": ten to learn from and one to check with")
    held_back = max(1, min(round(count * HELD_BACK), count - MIN_EXAMPLES))
    try:
        return split(examples, validation=held_back / count)
    except ValueError as error:
        raise CaseError(f"{name}: {error}.") from error


def _enough(name: str, count: int, wanted: int, why: str = "") -> None:
    if count < wanted:
        raise CaseError(
            f"{name}: found {plural(count, 'example')}; expected {wanted} or more{why}. Add {wanted - count} more."
        )


def _usual_system(examples: list[Example]) -> str | None:
    return Counter(map(_system, examples)).most_common(1)[0][0]


def _system(example: Example) -> str | None:
    """The text of its system message."""
    first = next((each for each in messages_of(example) if each.get("role") in SYSTEM_ROLES), {})
    return _text(first.get("content")) or None


def _questions(examples: list[Example], system: str | None) -> Iterator[str]:
    """The first thing that is asked in each example with this system message, no question twice."""
    seen = set()
    for example in examples:
        if _system(example) != system:
            continue
        asked = next((_text(each.get("content")) for each in messages_of(example) if each.get("role") == "user"), "")
        if asked and asked not in seen:
            seen.add(asked)
            yield asked


def _text(content: Any) -> str:
    """A text, or the texts among the parts of a message."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "\n".join(part for part in parts if isinstance(part, str))
    return content.strip() if isinstance(content, str) else ""
