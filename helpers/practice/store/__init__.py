"""The state of the practice server: one SQLite database, safe with several kernels and processes at once.

Every method is one short transaction. What belongs together is written together, so a crash leaves nothing half-done.
Each module has the methods of one table; database.py has what they share, schema.py the tables themselves.
"""

from helpers.practice.settings import Settings
from helpers.practice.store.checkpoints import CheckpointTable
from helpers.practice.store.events import EventTable
from helpers.practice.store.faults import FaultTable
from helpers.practice.store.files import FilesGone, FileTable, StoredFile
from helpers.practice.store.jobs import Job, JobTable
from helpers.practice.store.models import ModelTable, TunedModel
from helpers.practice.store.schema import add_indexes

__all__ = ["FilesGone", "Job", "Store", "StoredFile", "TunedModel"]


class Store(FileTable, JobTable, EventTable, CheckpointTable, ModelTable, FaultTable):
    """All tables of one practice home. Opening it makes them, and sweeps away what a killed program has left."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._sweep()
        with self._transaction() as db:
            add_indexes(db)
