"""The database itself: how it is opened, written and read, and what numbers and names its rows."""

import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.practice.ids import derived_id, random_id
from helpers.practice.private import private_file
from helpers.practice.settings import Settings
from helpers.practice.store.rows import from_row
from helpers.practice.store.schema import prepare

LOCK_SECONDS = 30


class Database:
    """What the tables of the store share."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        private_file(settings.database)  # before SQLite makes it; its -wal and -shm get the same permissions
        with self._transaction() as db:
            prepare(db, settings.database)
        # Keep one reader open so that SQLite keeps the -wal and -shm files; they cannot be recreated on a full disk.
        held = self._open()
        self.close = weakref.finalize(self, held.close)
        _use_wal(held)  # from now on it stands in the file: who opens that need not ask for it
        held.execute("SELECT value FROM counter").fetchone()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.settings.database, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.row_factory = sqlite3.Row
        # FULL: what was answered is on the disk, and a power cut takes nothing back. NORMAL would be as safe from
        # damage and from kills, but a power cut would undo the last commits: a job that was started, a model that was
        # paid for with an afternoon. FULL costs one more fsync for each write, some milliseconds on an SSD.
        db.execute("PRAGMA synchronous = FULL")
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
        return [from_row(kind, row) for row in rows[:limit]], len(rows) > limit

    def _one(self, kind: type, sql: str, *values: Any) -> Any:
        with self._connection() as db:
            row = db.execute(sql, values).fetchone()
        return from_row(kind, row) if row else None

    def _all(self, kind: type, sql: str, *values: Any) -> list[Any]:
        with self._connection() as db:
            return [from_row(kind, row) for row in db.execute(sql, values)]


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
