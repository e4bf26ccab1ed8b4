"""The state of the practice server: one SQLite database, safe with several kernels and processes at once.

Every method is one short transaction. What belongs together is written together, so a crash leaves nothing half-done.
Each module has the methods of one table; database.py has what they share, schema.py the tables themselves.
"""

import sqlite3

from helpers.practice.disk import is_full, no_space
from helpers.practice.settings import PracticeHomeError, Settings
from helpers.practice.store.checkpoints import CheckpointTable
from helpers.practice.store.events import EventTable
from helpers.practice.store.faults import FaultTable
from helpers.practice.store.files import FilesGone, FileTable, StoredFile
from helpers.practice.store.jobs import Job, JobTable
from helpers.practice.store.models import ModelTable, TunedModel
from helpers.practice.store.schema import add_indexes

__all__ = ["FilesGone", "Job", "Store", "StoredFile", "TunedModel"]


class Store(FileTable, JobTable, EventTable, CheckpointTable, ModelTable, FaultTable):
    """All tables of one practice home. Opening it makes them, and sweeps away what a killed program has left.

    Raises PracticeHomeError if the database cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        try:
            super().__init__(settings)
            self._sweep()
            with self._transaction() as db:
                add_indexes(db)
        except sqlite3.DatabaseError as error:
            raise _unusable(settings, error) from error


def _unusable(settings: Settings, error: sqlite3.DatabaseError) -> PracticeHomeError:
    if isinstance(error, sqlite3.OperationalError) and is_full(settings.home, error):
        return PracticeHomeError(no_space("start the practice server again"))
    # Without its database the server knows none of the files and models beside it, so the whole folder is set aside.
    return PracticeHomeError(
        f"The practice server cannot use its database {settings.database} ({error}). Nothing was changed or deleted. "
        f"If another program has it open, close that and try again. If the file is damaged, put a copy back that you "
        f"have made of the folder {settings.home}, or rename the folder: the course then starts a new one, and the old "
        "one keeps what is in it."
    )
