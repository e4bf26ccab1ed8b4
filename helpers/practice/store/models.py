"""The fine-tuned models. They are added where their job is settled: see settle_job() in jobs.py."""

from dataclasses import dataclass

from helpers.practice.store.database import Database


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


class ModelTable(Database):
    def model(self, name: str) -> TunedModel | None:
        return self._one(TunedModel, "SELECT * FROM model WHERE name = ? AND deleted = 0", name)

    def models(self) -> list[TunedModel]:
        return self._all(TunedModel, "SELECT * FROM model WHERE deleted = 0 ORDER BY number")

    def count_models(self) -> int:
        """Those that a job has ended with; its earlier checkpoints are not counted."""
        with self._connection() as db:
            return db.execute("SELECT COUNT(*) FROM model WHERE deleted = 0 AND step IS NULL").fetchone()[0]

    def delete_model(self, name: str) -> None:
        with self._transaction() as db:
            db.execute("UPDATE model SET deleted = 1 WHERE name = ?", (name,))
