"""The events of jobs that really train, as their training processes report them."""

import json
import sqlite3
import time
from typing import Any

from helpers.practice.store.database import Database


class EventTable(Database):
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


def _event(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "data": json.loads(row["data"])}
