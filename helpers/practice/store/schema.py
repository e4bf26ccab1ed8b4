"""The tables of the practice server's database, their version, and the id of the home."""

import re
import secrets
import sqlite3
from pathlib import Path

from helpers.practice.settings import PracticeHomeError

SCHEMA_VERSION = 1
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


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a database that is new, and give its home an id.

    Raises PracticeHomeError for a database that is not this server's; it stays as it is.
    """
    if _is_new(db, path):
        for statement in SCHEMA.split(";\n"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    _give_id(db)


def add_indexes(db: sqlite3.Connection) -> None:
    for statement in INDEXES.split(";\n"):
        db.execute(statement)


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
