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
MOST_LEARNERS = 500
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
        if not keys:
            return {}
        if len(self.learners) + len(keys) > MOST_LEARNERS:
            raise ValueError(f"found {len(self.learners) + len(keys)} learners; expected at most {MOST_LEARNERS}")
        numbered = enumerate(keys.items(), len(self.learners) + 1)
        self._keep([*self.learners, *(Learner(number, name, hash_of(key)) for number, (name, key) in numbered)])
        return keys

    def renew(self, name: str) -> str:
        """A new key for a learner, or for the teacher; the old one opens nothing any more, what was made stays.

        Raises ValueError for a name that is not in the room.
        """
        key = new_key()
        if name == TEACHER:
            self.set_teacher(key)
            return key
        if self.named(name) is None:
            names = ", ".join([TEACHER, *(learner.name for learner in self.learners)])
            raise ValueError(f"--new-key: found {name!r}; expected one of {names}")
        renewed = [replace(each, key_hash=hash_of(key)) if each.name == name else each for each in self.learners]
        self._keep(renewed)
        return key

    def set_teacher(self, key: str) -> None:
        self._keep(self.learners, hash_of(key))

    def _keep(self, learners: list[Learner], teacher_hash: str | None = None) -> None:
        """Write it down first: a key that opens a seat now opens it at the next start too."""
        teacher_hash = teacher_hash or self.teacher_hash
        kept = {"teacher": teacher_hash, "learners": [asdict(learner) for learner in learners]}
        with written_safely(self.path, overwrite=True) as file:  # the folder is closed to others
            file.write(json.dumps(kept, indent=1, ensure_ascii=False).encode("utf-8"))
        self.learners, self.teacher_hash = learners, teacher_hash


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
        return Register(path, kept["teacher"], [Learner(**learner) for learner in kept["learners"]])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged ({type(error).__name__}); expected the list of learners of a room. It was left as it "
            "is. Put a copy back, or name another folder with --home: the learners' work lies beside it."
        ) from error


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
