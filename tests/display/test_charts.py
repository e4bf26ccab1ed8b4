"""The loss curve and the sentence that reads it."""

import pandas as pd
import pytest

from helpers.display.charts import alternative_text, loss_figure, loss_png, read_curve


def curve(train, valid=None):
    table = pd.DataFrame({"step": range(1, len(train) + 1), "train_loss": train})
    return table.assign(valid_loss=valid) if valid else table


@pytest.mark.parametrize(
    ("metrics", "reading"),
    [
        (curve([2.0, 1.0, 0.5, 0.5, 0.5]), "Training loss fell from 2.00 to 0.50."),
        (curve([2.0, 2.0, 2.0]), "The model learned little"),
        (curve([2.0, 1.0, 0.2, 0.1, 0.1], [2.1, 1.2, 0.9, 1.1, 1.4]), "lowest at step 3 (0.90) and rose to 1.40"),
        (curve([2.0, 1.0, 0.5, 0.4, 0.4], [2.1, 1.2, 0.9, 0.8, 0.8]), "and did not only memorise"),
        (curve([1.0, 2.0, 3.0, 3.0, 3.0]), "Training loss rose from 1.00 to 3.00."),
        (pd.DataFrame(columns=["step", "train_loss"]), "No step was reported."),
    ],
)
def test_the_sentence_says_what_to_see(metrics, reading):
    assert reading in read_curve(metrics)


def test_the_figure_is_a_png_with_alternative_text_and_a_caption():
    metrics = curve([2.0, 1.0, 0.5], [2.1, None, 0.9])
    assert loss_png(metrics).startswith(b"\x89PNG")
    html = loss_figure(metrics)
    assert f'alt="{alternative_text(metrics)}"' in html and "<figcaption>" in html


def test_one_step_is_drawn_as_well():
    assert loss_png(curve([2.0])).startswith(b"\x89PNG")
