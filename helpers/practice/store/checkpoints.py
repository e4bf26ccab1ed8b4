"""The checkpoints of jobs that really train, as their training processes report them."""

import json
import time
from typing import Any

from helpers.practice.store.database import Database


class CheckpointTable(Database):
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
