"""The state of the practice server: one SQLite database, safe with several kernels and processes at once.

Every method is one short transaction. What belongs together is written together, so a crash leaves nothing half-done.
"""

import json
import math
import os
import re
import secrets
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from helpers.practice.ids import derived_id, random_id
from helpers.practice.private import private_file
from helpers.practice.settings import PracticeHomeError, Settings

SCHEMA_VERSION = 1
LOCK_SECONDS = 30
YOUNG_SECONDS = 3600  # what is younger may be what another server is just writing
SCHEMA = """
CREATE TABLE counter (value INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE file (
    id TEXT PRIMARY KEY, number INTEGER, filename TEXT, purpose TEXT, bytes INTEGER, created_at INTEGER,
    sha256 TEXT, deleted INTEGER DEFAULT 0);
CREATE TABLE job (
    id TEXT PRIMARY KEY, number INTEGER, created_at REAL, model TEXT, engine TEXT, training_file TEXT,
    validation_file TEXT, suffix TEXT, seed INTEGER, method TEXT, metadata TEXT, plan TEXT, pauses TEXT,
    cancelled_at REAL, outcome TEXT);
CREATE TABLE model (
    name TEXT PRIMARY KEY, number INTEGER, base TEXT, job_id TEXT, step INTEGER, created_at INTEGER,
    deleted INTEGER DEFAULT 0);
CREATE TABLE event (job_id TEXT, number INTEGER, created_at INTEGER, level TEXT, message TEXT, type TEXT, data TEXT,
    PRIMARY KEY (job_id, number));
CREATE TABLE checkpoint (job_id TEXT, step INTEGER, name TEXT, created_at INTEGER, metrics TEXT,
    PRIMARY KEY (job_id, step));
CREATE TABLE fault (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, times INTEGER);
"""
OWN_TABLES = re.findall(r"CREATE TABLE (\w+)", SCHEMA)
# Made at every start, so that homes of earlier versions of the course get them too; servers of such a version ignore
# them.
INDEXES = """
CREATE INDEX IF NOT EXISTS job_number ON job (number);
CREATE INDEX IF NOT EXISTS job_open ON job (number) WHERE outcome IS NULL;
CREATE INDEX IF NOT EXISTS file_number ON file (number) WHERE deleted = 0;
"""
# A condition on a job; its parameter is a JSON object.
HAS_ALL_PAIRS = """NOT EXISTS (
    SELECT 1 FROM json_each(?) AS wanted WHERE NOT EXISTS (
        SELECT 1 FROM json_each(job.metadata) AS had WHERE had.key = wanted.key AND had.value = wanted.value))"""
JSON_COLUMNS = {"method", "metadata", "plan", "pauses", "outcome"}


class FilesGone(FileNotFoundError):
    """Somebody has deleted from the practice home what a file or a model needs.

    The message says what; the server passes it on.
    """


@dataclass(frozen=True)
class StoredFile:
    id: str
    number: int
    filename: str
    purpose: str
    bytes: int
    created_at: int
    sha256: str
    deleted: int = 0


@dataclass(frozen=True)
class Job:
    """A job as it was asked for. `plan` is what its engine settled at the start, `outcome` how it ended (None:
    open)."""

    id: str
    number: int
    created_at: float
    model: str
    engine: str
    training_file: str
    validation_file: str | None
    suffix: str | None
    seed: int
    method: dict[str, Any]
    metadata: dict[str, str] | None
    plan: dict[str, Any]
    pauses: list[list[float | None]] = field(default_factory=list)
    cancelled_at: float | None = None
    outcome: dict[str, Any] | None = None

    @property
    def awaits_validation(self) -> bool:
        """Whether its files are not validated yet, so that it has no plan."""
        return "waiting" in self.plan


@dataclass(frozen=True)
class TunedModel:
    """A fine-tuned model or one of its checkpoints (`step` of a checkpoint that is not the last)."""

    name: str
    number: int
    base: str
    job_id: str
    step: int | None
    created_at: int
    deleted: int = 0


class Store:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        private_file(settings.database)  # before SQLite makes it; its -wal and -shm get the same permissions
        with self._transaction() as db:
            if _is_new(db, settings.database):
                for statement in SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            _give_id(db)
        # Keep one reader open so that SQLite keeps the -wal and -shm files; they cannot be recreated on a full disk.
        held = self._open()
        held.execute("SELECT value FROM counter").fetchone()
        self.close = weakref.finalize(self, held.close)
        self._sweep()
        self._add_indexes()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.settings.database, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.row_factory = sqlite3.Row
        try:
            _use_wal(db)
            # FULL: what was answered is on the disk, and a power cut takes nothing back. NORMAL would be as safe from
            # damage and from kills, but a power cut would undo the last commits: a job that was started, a model that
            # was paid for with an afternoon. FULL costs one more fsync for each write, some milliseconds on an SSD.
            db.execute("PRAGMA synchronous = FULL")
        except BaseException:
            db.close()
            raise
        return db

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = self._open()
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: all of it or nothing, one writer at a time."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:  # on a full disk SQLite has taken it back already
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _add_indexes(self) -> None:
        with self._transaction() as db:
            for statement in INDEXES.split(";\n"):
                db.execute(statement)

    def _sweep(self) -> None:
        """Remove what no file of the learner's is, and what a program that was killed has left.

        An upload that was cut off leaves a .part; between the content's move and the row's commit, a content without a
        row; a deletion, the content of a deleted row. A content that is older than all rows is left as it is: somebody
        may have put it there, or have moved the database away.
        """
        with self._connection() as db:
            oldest = db.execute("SELECT MIN(created_at) FROM file").fetchone()[0] or math.inf
            used = {row["id"]: not row["deleted"] for row in db.execute("SELECT id, deleted FROM file")}
            for row in db.execute("SELECT training_file, validation_file FROM job"):
                used |= {file_id: True for file_id in row if file_id in used}
        for path in self.settings.files.iterdir():
            try:
                changed = path.stat().st_mtime
                orphan = not used.get(path.name, changed < oldest) or path.suffix == ".part"
                if orphan and time.time() - changed > YOUNG_SECONDS:
                    path.unlink()
            except (FileNotFoundError, PermissionError):
                continue  # another server swept it, or (on Windows) reads it

    # --- ids -------------------------------------------------------------------------------------------------

    @property
    def home_id(self) -> str:
        """Tells this home from every other, whatever its server's address is and whatever its folder is called."""
        with self._connection() as db:
            return db.execute("SELECT id FROM home").fetchone()[0]

    def _number(self, db: sqlite3.Connection) -> int:
        return db.execute("UPDATE counter SET value = value + 1 RETURNING value").fetchone()[0]

    def _new_id(self, prefix: str, number: int) -> str:
        return derived_id(prefix, "sequence", number) if self.settings.deterministic else random_id(prefix)

    # --- files -----------------------------------------------------------------------------------------------

    def path_of(self, file_id: str) -> Path:
        return self.settings.files / file_id

    def content_of(self, file_id: str) -> Path:
        """Where to read a file that was uploaded. Raises FilesGone if its content was deleted by hand."""
        path = self.path_of(file_id)
        if not path.is_file():
            raise FilesGone(
                f"{file_id}: the content of this file is gone from the practice home. Upload it again; "
                "a model that was made from it has to be trained again."
            )
        return path

    def add_file(
        self, content: Path, filename: str, purpose: str, sha256: str, file_id: str | None = None
    ) -> StoredFile:
        """Take over a finished temporary file.

        Args:
            content: The temporary file, in the same file system as the practice home.
            filename: The name that the learner gave it.
            purpose: "fine-tune" or another purpose.
            sha256: The checksum of the content.
            file_id: The id; None makes a new one. With an id that is there already, its row stays as it is.

        Returns:
            The file as it is stored.
        """
        with self._transaction() as db:
            number = self._number(db)
            file_id = file_id or self._new_id("file-", number)
            size = content.stat().st_size
            content.replace(self.path_of(file_id))
            sync_folder(self.settings.files)  # the name, too, is on the disk before the row is
            db.execute(
                "INSERT OR IGNORE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
                (file_id, number, filename, purpose, size, int(time.time()), sha256),
            )
            return _row(StoredFile, db.execute("SELECT * FROM file WHERE id = ?", (file_id,)).fetchone())

    def any_file(self, file_id: str) -> StoredFile | None:
        """Also one that is deleted: a job that was started with it goes on."""
        return self._one(StoredFile, "SELECT * FROM file WHERE id = ?", file_id)

    def file(self, file_id: str) -> StoredFile | None:
        return self._one(StoredFile, "SELECT * FROM file WHERE id = ? AND deleted = 0", file_id)

    def files(
        self,
        limit: int,
        *,
        purpose: str | None = None,
        after: StoredFile | None = None,
        newest_first: bool = True,
    ) -> tuple[list[StoredFile], bool]:
        """At most `limit` files that come behind `after` in the order asked for, of one purpose or of all.

        Args:
            limit: The largest number of files.
            purpose: "fine-tune" or another purpose; None means every one.
            after: The last file of the page before; None means from the beginning.
            newest_first: The order; else the oldest comes first.

        Returns:
            The files, without those that are deleted, and whether there are more.
        """
        sql, values = "SELECT * FROM file WHERE deleted = 0", []
        if purpose is not None:
            sql, values = f"{sql} AND purpose = ?", [*values, purpose]
        return self._page(StoredFile, sql, values, after, limit, newest_first)

    def bytes_of_files(self) -> int:
        """What the contents take on the disk: also of deleted files that a job was started with."""
        with self._connection() as db:
            return db.execute(
                "SELECT COALESCE(SUM(bytes), 0) FROM file WHERE deleted = 0 "
                "OR id IN (SELECT training_file FROM job UNION SELECT validation_file FROM job)"
            ).fetchone()[0]

    def delete_file(self, file_id: str) -> None:
        with self._transaction() as db:
            db.execute("UPDATE file SET deleted = 1 WHERE id = ?", (file_id,))
            used = db.execute("SELECT 1 FROM job WHERE ? IN (training_file, validation_file) LIMIT 1", (file_id,))
            is_used = used.fetchone() is not None
        if not is_used:  # a job that was started with the file has the right to read it to the end
            self.path_of(file_id).unlink(missing_ok=True)

    # --- jobs ------------------------------------------------------------------------------------------------

    def add_job(self, **values: Any) -> Job:
        with self._transaction() as db:
            number = self._number(db)
            job_id = self._new_id("ftjob-", number)
            seed = values["seed"] if values["seed"] is not None else number * 7919 % 2**31
            row = {
                **values,
                "id": job_id,
                "number": number,
                "seed": seed,
                "pauses": [],
                "cancelled_at": None,
                "outcome": None,
            }
            names = [each.name for each in fields(Job)]
            marks = ", ".join("?" * len(names))
            db.execute(f"INSERT INTO job ({', '.join(names)}) VALUES ({marks})", [_column(n, row[n]) for n in names])
            return Job(**row)

    def plan_job(self, job_id: str, plan: dict[str, Any]) -> bool:
        """Store the plan of a job whose files are validated. False if another server was first, or if it has ended."""
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE job SET plan = ? WHERE id = ? AND outcome IS NULL AND cancelled_at IS NULL "
                "AND json_extract(plan, '$.waiting')",
                (json.dumps(plan), job_id),
            )
            return changed.rowcount == 1

    def job(self, job_id: str) -> Job | None:
        return self._one(Job, "SELECT * FROM job WHERE id = ?", job_id)

    def open_jobs(self) -> list[Job]:
        """The jobs whose end is not written down yet, newest first."""
        return self._all(Job, "SELECT * FROM job WHERE outcome IS NULL ORDER BY number DESC")

    def page_of_jobs(
        self,
        limit: int,
        *,
        after: Job | None = None,
        metadata: dict[str, str] | None = None,
        without_metadata: bool = False,
    ) -> tuple[list[Job], bool]:
        """At most `limit` jobs that come behind `after`, newest first.

        Args:
            limit: The largest number of jobs.
            after: The last job of the page before; None means from the newest on.
            metadata: Only jobs that have all these pairs; None or no pair means every job.
            without_metadata: Only jobs that have no pair at all.

        Returns:
            The jobs, whether they have ended or not, and whether there are more.
        """
        sql, values = "SELECT * FROM job WHERE TRUE", []
        if without_metadata:
            sql += " AND (metadata IS NULL OR metadata = '{}')"
        if metadata:
            sql, values = f"{sql} AND {HAS_ALL_PAIRS}", [json.dumps(metadata)]
        return self._page(Job, sql, values, after, limit)

    def cancel_job(self, job_id: str, now: float) -> bool:
        """Note that a job is cancelled. False if it is cancelled already, or if its end is written down."""
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE job SET cancelled_at = ? WHERE id = ? AND cancelled_at IS NULL AND outcome IS NULL",
                (now, job_id),
            )
            return changed.rowcount == 1

    def pause_job(self, job_id: str, now: float) -> bool:
        """Begin a pause. False if the job is paused already."""
        with self._transaction() as db:
            pauses = _pauses(db, job_id)
            if pauses and pauses[-1][1] is None:
                return False
            _write_pauses(db, job_id, [*pauses, [now, None]])
            return True

    def resume_job(self, job_id: str, now: float) -> bool:
        """End the pause of a job. False if it is not paused."""
        with self._transaction() as db:
            pauses = _pauses(db, job_id)
            if not pauses or pauses[-1][1] is not None:
                return False
            _write_pauses(db, job_id, [*pauses[:-1], [pauses[-1][0], now]])
            return True

    def settle_job(self, job_id: str, outcome: dict[str, Any], models: list[tuple[str, str, int | None]]) -> None:
        """Write down how a job ended, and the models it made as (name, base, step). The first to come settles it."""
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE job SET outcome = ? WHERE id = ? AND outcome IS NULL", (json.dumps(outcome), job_id)
            )
            if changed.rowcount:
                for name, base, step in models:
                    row = (name, self._number(db), base, job_id, step, outcome["finished_at"])
                    db.execute("INSERT INTO model VALUES (?, ?, ?, ?, ?, ?, 0)", row)

    # --- what a real training run reports while it goes on -----------------------------------------------------

    def add_event(
        self,
        job_id: str,
        message: str,
        *,
        level: str = "info",
        type: str = "message",
        data: Any = None,
        created_at: int | None = None,
    ) -> None:
        """Add an event to those of a job.

        Args:
            job_id: The job.
            message: What a person reads.
            level: "info", "warn" or "error".
            type: "message" or "metrics".
            data: What was measured, or anything else that JSON can hold.
            created_at: When it happened; None means now.
        """
        with self._transaction() as db:
            last = db.execute("SELECT COALESCE(MAX(number), 0) FROM event WHERE job_id = ?", (job_id,)).fetchone()[0]
            row = (job_id, last + 1, created_at or int(time.time()), level, message, type, json.dumps(data))
            db.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def events(self, job_id: str, first: int = 1, last: int | None = None) -> list[dict[str, Any]]:
        """Those from a number to another one, oldest first. They are numbered from 1 on, without gaps."""
        sql, values = "SELECT * FROM event WHERE job_id = ? AND number >= ?", [job_id, first]
        if last is not None:
            sql, values = f"{sql} AND number <= ?", [*values, last]
        with self._connection() as db:
            return [_event(row) for row in db.execute(f"{sql} ORDER BY number", values)]

    def count_events(self, job_id: str) -> int:
        with self._connection() as db:
            return db.execute("SELECT COALESCE(MAX(number), 0) FROM event WHERE job_id = ?", (job_id,)).fetchone()[0]

    def measured(self, job_id: str) -> list[dict[str, Any]]:
        """Of the events with numbers of a training step, the first and the last; fewer if there are not two."""
        sql = "SELECT * FROM event WHERE job_id = ? AND type = 'metrics' ORDER BY number {} LIMIT 1"
        with self._connection() as db:
            rows = [db.execute(sql.format(order), (job_id,)).fetchone() for order in ("ASC", "DESC")]
        events = [_event(row) for row in rows if row is not None]
        return events[:1] if len({event["number"] for event in events}) == 1 else events

    def add_checkpoint(self, job_id: str, step: int, name: str, metrics: dict[str, float]) -> None:
        """Add a checkpoint to those of a job; one of the same step is replaced.

        Args:
            job_id: The job.
            step: The training step after which it was saved.
            name: The name by which the model of this step is asked.
            metrics: What was measured at this step.
        """
        with self._transaction() as db:
            row = (job_id, step, name, int(time.time()), json.dumps(metrics))
            db.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?)", row)

    def checkpoints(self, job_id: str) -> list[dict[str, Any]]:
        """Oldest first."""
        with self._connection() as db:
            rows = db.execute("SELECT * FROM checkpoint WHERE job_id = ? ORDER BY step", (job_id,)).fetchall()
        return [{**dict(row), "metrics": json.loads(row["metrics"])} for row in rows]

    # --- models ----------------------------------------------------------------------------------------------

    def model(self, name: str) -> TunedModel | None:
        return self._one(TunedModel, "SELECT * FROM model WHERE name = ? AND deleted = 0", name)

    def models(self) -> list[TunedModel]:
        return self._all(TunedModel, "SELECT * FROM model WHERE deleted = 0 ORDER BY number")

    def count_models(self) -> int:
        with self._connection() as db:
            return db.execute("SELECT COUNT(*) FROM model WHERE deleted = 0").fetchone()[0]

    def delete_model(self, name: str) -> None:
        with self._transaction() as db:
            db.execute("UPDATE model SET deleted = 1 WHERE name = ?", (name,))

    # --- planted faults --------------------------------------------------------------------------------------

    def plant_fault(self, name: str, times: int) -> None:
        with self._transaction() as db:
            db.execute("INSERT INTO fault (name, times) VALUES (?, ?)", (name, times))

    def faults(self) -> list[dict[str, Any]]:
        with self._connection() as db:
            rows = db.execute("SELECT name AS fault, times FROM fault ORDER BY number").fetchall()
        return [dict(row) for row in rows]

    def clear_faults(self) -> None:
        with self._transaction() as db:
            db.execute("DELETE FROM fault")

    def take_fault(self, names: set[str]) -> str | None:
        """The oldest planted fault among these names, used up by one; None if there is none."""
        with self._connection() as db:  # nearly always none: do not make every request a writer
            if db.execute("SELECT 1 FROM fault LIMIT 1").fetchone() is None:
                return None
        with self._transaction() as db:
            rows = db.execute("SELECT number, name FROM fault ORDER BY number").fetchall()
            for row in rows:
                if row["name"] in names:
                    db.execute("UPDATE fault SET times = times - 1 WHERE number = ?", (row["number"],))
                    db.execute("DELETE FROM fault WHERE times <= 0")
                    return row["name"]
        return None

    # --- reading ---------------------------------------------------------------------------------------------

    def _page(
        self, kind: type, sql: str, values: list[Any], after: Any, limit: int, newest_first: bool = True
    ) -> tuple[list[Any], bool]:
        """Of what `sql` selects, at most `limit` rows from behind `after` on, and whether there are more."""
        if after is not None:
            sql, values = f"{sql} AND number {'<' if newest_first else '>'} ?", [*values, after.number]
        order = "DESC" if newest_first else "ASC"
        with self._connection() as db:
            rows = db.execute(f"{sql} ORDER BY number {order} LIMIT ?", [*values, limit + 1]).fetchall()
        return [_row(kind, row) for row in rows[:limit]], len(rows) > limit

    def _one(self, kind: type, sql: str, *values: Any) -> Any:
        with self._connection() as db:
            row = db.execute(sql, values).fetchone()
        return _row(kind, row) if row else None

    def _all(self, kind: type, sql: str, *values: Any) -> list[Any]:
        with self._connection() as db:
            return [_row(kind, row) for row in db.execute(sql, values)]


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk, as fsync does the content of a file. Windows does so by itself."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _use_wal(db: sqlite3.Connection) -> None:
    """SQLite's time-out does not hold for the change to WAL: of two servers that start together on a fresh home, one
    gets SQLITE_BUSY at once. So wait here."""
    for _ in range(LOCK_SECONDS * 50):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.02)
    raise sqlite3.OperationalError("database is locked: another program holds it")


def _is_new(db: sqlite3.Connection, path: Path) -> bool:
    """Whether the database is still empty. Raises PracticeHomeError for one that is not this server's; it stays as it
    is."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version == 0 and not tables:
        return True
    what = f"version {version}" if "counter" in tables else "the tables of another program"
    if version != SCHEMA_VERSION or not tables.issuperset(OWN_TABLES):
        raise PracticeHomeError(
            f"{path}: found {what}; expected version {SCHEMA_VERSION} of the practice server's database. It belongs to "
            "another edition of the course or to another program, and was left as it is. Name another folder in "
            "PRACTICE_HOME, or move this one away to begin afresh."
        )
    return False


def _give_id(db: sqlite3.Connection) -> None:
    """At the first start, also of a home that is older than ids. Of servers that start together, the first gives it."""
    db.execute("CREATE TABLE IF NOT EXISTS home (id TEXT NOT NULL)")
    if db.execute("SELECT id FROM home").fetchone() is None:
        db.execute("INSERT INTO home VALUES (?)", (secrets.token_hex(8),))


def _row(kind: type, row: sqlite3.Row) -> Any:
    return kind(
        **{name: json.loads(row[name]) if name in JSON_COLUMNS and row[name] else row[name] for name in row.keys()}  # noqa: SIM118 (a Row iterates over values)
    )


def _event(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "data": json.loads(row["data"])}


def _column(name: str, value: Any) -> Any:
    return json.dumps(value) if name in JSON_COLUMNS and value is not None else value


def _pauses(db: sqlite3.Connection, job_id: str) -> list[list[float | None]]:
    return json.loads(db.execute("SELECT pauses FROM job WHERE id = ?", (job_id,)).fetchone()[0])


def _write_pauses(db: sqlite3.Connection, job_id: str, pauses: list[list[float | None]]) -> None:
    db.execute("UPDATE job SET pauses = ? WHERE id = ?", (json.dumps(pauses), job_id))
