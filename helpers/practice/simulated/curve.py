"""The numbers of a simulated training. They come from the file, the seed and the settings: the same job has the same
curve."""

import math
import random

from helpers.practice.store import Job


class Curve:
    """A plausible loss curve: it falls fast, then slowly; on validation it turns up when the epochs are many."""

    def __init__(self, job: Job, steps_per_epoch: int) -> None:
        self.key = f"{job.plan['sha256']}/{job.seed}/{sorted(job.plan['hyperparameters'].items())}"
        chance = random.Random(self.key)
        self.steps_per_epoch = steps_per_epoch
        self.start = chance.uniform(1.9, 2.6)
        self.floor = chance.uniform(0.05, 0.15)
        self.speed = (
            chance.uniform(0.5, 0.7) * min(3.0, job.plan["hyperparameters"]["learning_rate_multiplier"] / 2) ** 0.5
        )
        self.gap = chance.uniform(0.15, 0.3)
        self.turn = chance.uniform(4.0, 5.0)  # the epoch after which it memorises
        self.validation = job.plan["validation"]

    def at(self, step: int) -> dict[str, float]:
        epoch = step / self.steps_per_epoch
        chance = random.Random(f"{self.key}/{step}")
        smooth = self.floor + (self.start - self.floor) * math.exp(-self.speed * epoch)
        train = max(0.01, smooth * chance.uniform(0.85, 1.15))
        data = {"train_loss": round(train, 5), "train_mean_token_accuracy": _accuracy(train)}
        if self.validation:
            valid = smooth + self.gap + 0.06 * max(0.0, epoch - self.turn) ** 1.3
            valid *= chance.uniform(0.97, 1.03)
            data |= {"valid_loss": round(valid, 5), "valid_mean_token_accuracy": _accuracy(valid)}
        return data


def _accuracy(loss: float) -> float:
    return round(max(0.0, min(1.0, math.exp(-0.45 * loss))), 5)
