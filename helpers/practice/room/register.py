"""Who is in the room, and whose key is whose. Of a key only its hash is kept, so nobody can read the keys here."""

import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from filelock import FileLock

from helpers.course_data.safe_writing import written_safely
from helpers.practice.private import private_folder
from helpers.practice.settings import PracticeHomeError

TEACHER = "teacher"
SEATS = "learners"  # the folder with the practice home of each, named by number
MOST_LEARNERS = 500
A_HASH = re.compile(r"[0-9a-f]{64}")
LONGEST_NAME = 60  # characters
KEY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # typed from paper: nothing that looks like another (no i, l, o, 0, 1)
KEY_GROUPS = 6  # of four characters each
A_NAME = f"at most {LONGEST_NAME} characters that can be printed, and not {TEACHER!r}"


@dataclass(frozen=True)
class Learner:
    """`number` names the folder of the learner's practice home; it is never given to another one."""

    number: int
    name: str
    key_hash: str


@dataclass
class Register:
    """The learners of one room, in `room.json` in its folder."""

    path: Path
    teacher_hash: str = ""
    learners: list[Learner] = field(default_factory=list)

    def who(self, key: str) -> Learner | None:
        """The learner with this key. Learner 0 is the teacher."""
        given = hash_of(key)
        if self.teacher_hash and secrets.compare_digest(given, self.teacher_hash):
            return Learner(0, TEACHER, self.teacher_hash)
        return next((learner for learner in self.learners if secrets.compare_digest(given, learner.key_hash)), None)

    def named(self, name: str) -> Learner | None:
        return next((learner for learner in self.learners if learner.name == name), None)

    def add(self, names: list[str]) -> dict[str, str]:
        """Take in these learners. Returns the new keys by name; those who are there already keep theirs.

        Raises ValueError if there are too many.
        """
        keys = {name: new_key() for name in names if self.named(name) is None}
        if keys:
            self.keep(keys)
        return keys

    def renew(self, name: str) -> str:
        """A new key for a learner who is there; the old one opens nothing any more, what was made stays."""
        key = new_key()
        self.keep({name: key})
        return key

    def keep(self, keys: dict[str, str]) -> None:
        """From now on these keys open the seats of these names, and no earlier ones. Who is not there is taken in.

        It is written down first: a key that opens a seat now opens it at the next start too.
        Raises ValueError if there are too many, and PracticeHomeError if it cannot be written down.
        """
        hashes = {name: hash_of(key) for name, key in keys.items()}
        teacher_hash = hashes.pop(TEACHER, self.teacher_hash)
        there = [replace(each, key_hash=hashes.pop(each.name, each.key_hash)) for each in self.learners]
        numbered = enumerate(hashes.items(), self._first_free_number())
        learners = [*there, *(Learner(number, name, key_hash) for number, (name, key_hash) in numbered)]
        check_size(len(learners))
        kept = {"teacher": teacher_hash, "learners": [asdict(learner) for learner in learners]}
        try:
            with written_safely(self.path, overwrite=True) as file:  # the folder is closed to others
                file.write(json.dumps(kept, indent=1, ensure_ascii=False).encode("utf-8"))
        except OSError as error:
            raise PracticeHomeError(
                f"{self.path} cannot be written ({error.strerror}), so all keys are as they were."
            ) from error
        self.learners, self.teacher_hash = learners, teacher_hash

    def folder_of(self, number: int) -> Path:
        return self.path.parent / SEATS / f"{number:03}"

    def _first_free_number(self) -> int:
        """Behind all that were ever given. A register that somebody has shortened, or an older copy that was put back,
        does not name them all; but the work of each lies in its folder."""
        folders = (self.path.parent / SEATS).glob("[0-9]*")
        made = [int(folder.name) for folder in folders if folder.name.isdecimal()]
        return max([0, *made, *(learner.number for learner in self.learners)]) + 1


def open_register(home: Path) -> Register:
    """The register of a room, empty if the room is new.

    Raises PracticeHomeError if there can be no such folder, and ValueError if the register is damaged.
    """
    try:
        private_folder(home)
    except OSError as error:
        raise PracticeHomeError(f"--home: {home} cannot be used ({error.strerror}); name another folder") from error
    path = home / "room.json"
    if not path.exists():
        return Register(path)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Register(path, kept["teacher"], _sound([Learner(**each) for each in kept["learners"]], kept["teacher"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        what = f"{error}" if type(error) is ValueError else type(error).__name__
        raise ValueError(
            f"{path} is damaged ({what}); expected the list of learners of a room. It was left as it "
            "is. Put a copy back, or name another folder with --home: the learners' work lies beside it."
        ) from error


def _sound(learners: list[Learner], teacher_hash: str) -> list[Learner]:
    """The learners, if one key cannot open two seats and one seat has not two owners. Raises ValueError."""
    for learner in learners:
        if type(learner.number) is not int or learner.number < 1 or not isinstance(learner.name, str):
            raise ValueError(f"a learner has the number {learner.number!r} and the name {learner.name!r}")
    hashes = [*(learner.key_hash for learner in learners), *([teacher_hash] if teacher_hash != "" else [])]
    if not all(isinstance(each, str) and A_HASH.fullmatch(each) for each in hashes):
        raise ValueError("a hash of a key is none")
    for what, values in (
        ("number", [learner.number for learner in learners]),
        ("name", [learner.name for learner in learners]),
        ("hash of a key", hashes),
    ):
        if len(set(values)) < len(values):
            raise ValueError(f"two have the same {what}")
    return learners


def check_size(learners: int) -> None:
    """Raise ValueError for more learners than a room has place for."""
    if learners > MOST_LEARNERS:
        raise ValueError(f"found {learners} learners; expected at most {MOST_LEARNERS}")


def lock_of(home: Path) -> FileLock:
    """Held by the server of a room: two would keep two registers."""
    return FileLock(home / "room.lock", timeout=0)


def names_of(learners: int | None, file: Path | None) -> list[str] | None:
    """The names in a file, one on each line, or "Learner 1" and so on; None if neither is given. Raises ValueError."""
    if file is None and learners is None:
        return None
    if file is None:
        if not 0 <= learners <= MOST_LEARNERS:
            raise ValueError(f"--learners: found {learners}; expected 0 to {MOST_LEARNERS}")
        return [f"Learner {number}" for number in range(1, learners + 1)]
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ValueError(f"--names: {file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"--names: {file} is no text in UTF-8 ({error}). Save it again with this encoding; in Notepad it is a "
            "choice under Save as, and Excel calls it CSV UTF-8."
        ) from error
    names = [as_name(line) for line in lines if line.strip()]
    wrong = [name for name in names if not is_name(name)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or wrong or twice:
        found = f"{', '.join(map(repr, wrong or twice))}{' twice' if twice and not wrong else ''}" or "no name"
        raise ValueError(f"--names: {file}: found {found}; expected one name on each line, each once, with {A_NAME}")
    return names


def as_name(text: str) -> str:
    """With single spaces."""
    return re.sub(r"\s+", " ", text).strip()


def is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name != TEACHER


def new_key() -> str:
    """A key that can be typed from a slip of paper."""
    groups = ("".join(secrets.choice(KEY_ALPHABET) for _ in range(4)) for _ in range(KEY_GROUPS))
    return "practice-" + "-".join(groups)


def hash_of(key: str) -> str:
    """A plain SHA-256 is enough: a key has 118 random bits, and nobody can try them all, however fast."""
    return hashlib.sha256(key.encode()).hexdigest()
