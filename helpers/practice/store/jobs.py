"""The jobs: what was asked for, what became of it, and when somebody cancelled, paused or resumed it."""

import json
import sqlite3
from dataclasses import dataclass, field, fields
from typing import Any

from helpers.practice.store.database import Database
from helpers.practice.store.rows import to_column

# A condition on a job; its parameter is a JSON object.
HAS_ALL_PAIRS = """NOT EXISTS (
    SELECT 1 FROM json_each(?) AS wanted WHERE NOT EXISTS (
        SELECT 1 FROM json_each(job.metadata) AS had WHERE had.key = wanted.key AND had.value = wanted.value))"""


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

    @property
    def paused(self) -> bool:
        """Whether the learner has paused it and not resumed it since."""
        return bool(self.pauses) and self.pauses[-1][1] is None


class JobTable(Database):
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
            db.execute(f"INSERT INTO job ({', '.join(names)}) VALUES ({marks})", [to_column(n, row[n]) for n in names])
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


def _pauses(db: sqlite3.Connection, job_id: str) -> list[list[float | None]]:
    return json.loads(db.execute("SELECT pauses FROM job WHERE id = ?", (job_id,)).fetchone()[0])


def _write_pauses(db: sqlite3.Connection, job_id: str, pauses: list[list[float | None]]) -> None:
    db.execute("UPDATE job SET pauses = ? WHERE id = ?", (json.dumps(pauses), job_id))
