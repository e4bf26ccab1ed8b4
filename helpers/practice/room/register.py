"""Who is in the room, and whose key is whose. Of a key only its hash is kept, so nobody can read the keys here."""

import hashlib
import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

from helpers.course_data.safe_writing import written_safely
from helpers.practice.private import private_folder

TEACHER = "teacher"
MOST_LEARNERS = 500
LONGEST_NAME = 60  # characters


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

    def add(self, names: list[str]) -> dict[str, str]:
        """Take in these learners. Returns the new keys by name; those who are there already keep theirs."""
        known = {learner.name for learner in self.learners}
        keys = {name: new_key() for name in names if name not in known}
        if len(self.learners) + len(keys) > MOST_LEARNERS:
            raise ValueError(f"found {len(self.learners) + len(keys)} learners; expected at most {MOST_LEARNERS}")
        for name, key in keys.items():
            self.learners.append(Learner(len(self.learners) + 1, name, hash_of(key)))
        self.save()
        return keys

    def renew(self, name: str) -> str:
        """A new key for a learner, or for the teacher; the old one opens nothing any more, what was made stays.

        Raises ValueError for a name that is not in the room.
        """
        key = new_key()
        if name == TEACHER:
            self.teacher_hash = hash_of(key)
        else:
            found = [number for number, learner in enumerate(self.learners) if learner.name == name]
            if not found:
                names = ", ".join([TEACHER, *(learner.name for learner in self.learners)])
                raise ValueError(f"--new-key: found {name!r}; expected one of {names}")
            old = self.learners[found[0]]
            self.learners[found[0]] = Learner(old.number, old.name, hash_of(key))
        self.save()
        return key

    def save(self) -> None:
        kept = {"teacher": self.teacher_hash, "learners": [asdict(learner) for learner in self.learners]}
        with written_safely(self.path, overwrite=True) as file:  # the folder is closed to others
            file.write(json.dumps(kept, indent=1, ensure_ascii=False).encode("utf-8"))


def open_register(home: Path) -> Register:
    """The register of a room, empty if the room is new. Raises ValueError if it is damaged."""
    private_folder(home)
    path = home / "room.json"
    if not path.exists():
        return Register(path)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Register(path, kept["teacher"], [Learner(**learner) for learner in kept["learners"]])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} is damaged ({type(error).__name__}); expected the list of learners of a room. It was left as it "
            "is. Put a copy back, or name another folder with --home: the learners' work lies beside it."
        ) from error


def lock_of(home: Path) -> FileLock:
    """Held by the server of a room: two would keep two registers."""
    return FileLock(home / "room.lock", timeout=0)


def names_of(learners: int | None, file: Path | None) -> list[str]:
    """The names in a file, one on each line, or "Learner 1" and so on. Raises ValueError."""
    if file is None:
        return [f"Learner {number}" for number in range(1, (learners or 0) + 1)]
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--names: {file} cannot be read as a text in UTF-8 ({error})") from error
    names = [re.sub(r"\s+", " ", line).strip() for line in lines if line.strip()]
    wrong = [name for name in names if len(name) > LONGEST_NAME or not name.isprintable() or name == TEACHER]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or wrong or twice:
        found = f"{', '.join(map(repr, wrong or twice))}{' twice' if twice and not wrong else ''}" or "no name"
        raise ValueError(
            f"--names: {file}: found {found}; expected one name on each line, each once, with at most "
            f"{LONGEST_NAME} characters, and not {TEACHER!r}"
        )
    return names


def new_key() -> str:
    return "practice-" + secrets.token_urlsafe(18)


def hash_of(key: str) -> str:
    """A plain SHA-256 is enough: a key has 144 random bits, and nobody can try them all, however fast."""
    return hashlib.sha256(key.encode()).hexdigest()
