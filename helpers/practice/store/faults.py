"""The planted faults: errors that the learner asks for on purpose."""

from typing import Any

from helpers.practice.store.database import Database


class FaultTable(Database):
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
