"""The loss curve and the sentence that reads it."""

import math

import pandas as pd
import pytest

from helpers.display.charts import (
    Marks,
    alternative_text,
    costs_chart,
    costs_figure,
    loss_chart,
    loss_figure,
    loss_png,
    read_curve,
    shares_figure,
    shares_png,
)


def curve(train, valid=None):
    table = pd.DataFrame({"step": range(1, len(train) + 1), "train_loss": train})
    return table if valid is None else table.assign(valid_loss=valid)


FELL = [2.0, 1.0, 0.5, 0.1, 0.04, 0.04, 0.04]
MEMORISED = "did not only memorise"


def test_without_a_step_there_is_nothing_to_read():
    assert read_curve(pd.DataFrame(columns=["step", "train_loss"])) == "No step was reported."


@pytest.mark.parametrize(
    ("metrics", "reading"),
    [
        (curve([2.0, 1.0, 0.5, 0.5, 0.5]), "Training loss fell from 2.00 to 0.50."),
        (curve([2.0, 2.0, 2.0]), "The model learned little"),
        (curve([2.0, 1.0, 0.2, 0.1, 0.1], [2.1, 1.2, 0.9, 1.1, 1.4]), "lowest at step 3 (0.90) and rose to 1.40"),
        (curve([2.0, 1.0, 0.5, 0.4, 0.4], [2.1, 1.2, 0.9, 0.8, 0.8]), MEMORISED),
        (curve([1.0, 2.0, 3.0, 3.0, 3.0]), "Training loss rose from 1.00 to 3.00."),
    ],
)
def test_the_sentence_says_what_to_see(metrics, reading):
    assert reading in read_curve(metrics)


def test_validation_went_along_only_if_it_fell_by_a_tenth_or_more():
    assert MEMORISED in read_curve(curve(FELL, [2.0, 1.9, 1.9, 1.9, 1.9, 1.8, 1.8]))
    assert MEMORISED not in read_curve(curve(FELL, [2.0, 1.9, 1.9, 1.9, 1.9, 1.81, 1.81]))


def test_a_flat_validation_loss_is_named_as_flat():
    reading = read_curve(curve(FELL, [2.1] * 7))
    assert reading.startswith("Training loss fell from 2.00 to 0.04. Validation loss hardly moved, from 2.10 to 2.10")


def test_a_validation_loss_that_only_rises_is_named_and_no_checkpoint_is_praised():
    reading = read_curve(curve(FELL, [2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2]))
    assert "Validation loss rose from 2.00 to 3.20" in reading and "checkpoint" not in reading
    above = read_curve(curve(FELL, [2.0, 1.9, 2.4, 2.6, 2.8, 3.0, 3.2]))
    assert "Validation loss rose from 2.00 to 3.20" in above and "checkpoint" not in above


@pytest.mark.parametrize("train", [[1.0, 2.0, 3.0, 3.0, 3.0], [2.0, 2.0, 2.0, 2.0, 2.0]])
@pytest.mark.parametrize("valid", [[2.0, 1.5, 1.0, 0.8, 0.8], [2.0] * 5, [1.0, 2.0, 3.0, 3.0, 3.0]])
def test_validation_is_judged_only_where_training_loss_fell(train, valid):
    assert "alidation" not in read_curve(curve(train, valid))


def test_to_a_rising_training_loss_no_higher_learning_rate_is_advised():
    assert "lower learning rate" in read_curve(curve([1.0, 2.0, 3.0, 3.0, 3.0]))


@pytest.mark.parametrize("valid", [None, [1.5], [math.nan]])
def test_one_step_is_no_curve(valid):
    assert (
        read_curve(curve([2.0], valid)) == "Only one training loss was reported, 2.00: there is no curve to read yet."
    )
    assert alternative_text(curve([2.0], valid)).startswith("Line chart of the loss over 1 step. ")


def test_of_two_steps_the_last_is_the_end():
    assert "fell from 2.00 to 1.00" in read_curve(curve([2.0, 1.0]))


def test_without_validation_nothing_is_said_of_it():
    assert "alidation" not in read_curve(curve(FELL))
    assert "alidation" not in read_curve(curve(FELL, [math.nan] * 7))
    assert "alidation" not in read_curve(curve(FELL, [None] * 7))


def test_one_measurement_of_validation_is_no_course():
    reading = read_curve(curve(FELL, [None] * 6 + [1.2]))
    assert "measured only once (1.20)" in reading and MEMORISED not in reading


def test_validation_that_was_measured_now_and_then_is_judged_by_what_was_measured():
    assert MEMORISED in read_curve(curve(FELL, [2.0, None, None, 1.0, None, 0.5, None]))


@pytest.mark.parametrize("lost", [math.nan, math.inf, None])
def test_a_loss_that_is_no_number_any_more_is_named_with_its_step(lost):
    reading = read_curve(curve([2.0, 1.0, lost, lost], [2.0, 1.0, lost, lost]))
    assert reading.startswith("From step 3 on there is no number for the loss") and "lower learning rate" in reading
    assert loss_png(curve([2.0, 1.0, lost, lost], [2.0, 1.0, lost, lost])).startswith(b"\x89PNG")


def test_a_gap_in_the_training_loss_does_not_hide_how_it_moved():
    assert "fell from 2.00 to 0.50" in read_curve(curve([2.0, math.nan, 1.0, math.nan, 0.5]))


def test_a_row_with_validation_alone_does_not_mean_that_training_broke_down():
    assert MEMORISED in read_curve(curve([2.0, 1.0, 0.5, None], [2.0, None, None, 1.0]))


def test_a_host_that_reports_no_training_loss_is_no_error():
    metrics = pd.DataFrame({"step": [1, 2], "accuracy": [0.5, 0.6]})
    assert read_curve(metrics) == "No training loss was reported." and loss_png(metrics)


@pytest.mark.parametrize("valid", [[2.1] * 7, [2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2], None])
def test_caption_and_alternative_text_say_the_same_as_the_sentence(valid):
    metrics = curve(FELL, valid)
    assert loss_figure(metrics).count(read_curve(metrics)) == 2
    assert read_curve(metrics) in alternative_text(metrics)


def test_the_figure_is_a_png_with_alternative_text_and_a_caption():
    metrics = curve([2.0, 1.0, 0.5], [2.1, None, 0.9])
    assert loss_png(metrics).startswith(b"\x89PNG")
    html = loss_figure(metrics)
    assert f'alt="{alternative_text(metrics)}"' in html and "<figcaption>" in html


def test_one_step_is_drawn_as_well():
    assert loss_png(curve([2.0])).startswith(b"\x89PNG")


def test_a_chart_of_one_day_says_one_day():
    assert "spent over 1 day." in costs_figure([0.0, 1.0], [1.0, 1.1], [0.0, 0.5], caption="Cheap.")


def test_shares_are_told_in_words_beside_the_figure():
    html = shares_figure([("base", 0.1, 0.05, 0.2), ("my <model>", 0.8, 0.7, 0.9)], caption="What to see.")
    assert "base 10% (between 5% and 20%); my &lt;model&gt; 80% (between 70% and 90%)" in html
    assert "<figcaption>What to see.</figcaption>" in html


def test_a_figure_of_shares_is_the_same_each_time():
    bars = [("base", 0.0, 0.0, 0.2), ("tuned", 1.0, 0.8, 1.0)]
    assert shares_png(bars) == shares_png(bars) and shares_png(bars).startswith(b"\x89PNG")


def written_in(figure):
    """What stands in the drawing itself, beside the names of its axes."""
    return [text.get_text() for axes in figure.axes for text in axes.texts]


TURNED = curve([2.0, 1.0, 0.2, 0.1, 0.1, 0.1], [2.1, 1.2, 0.9, 1.1, 1.4, 1.5])


def test_the_lowest_validation_loss_is_marked_with_its_step():
    assert written_in(loss_chart(TURNED)) == ["lowest: step 3"]
    assert written_in(loss_chart(curve(FELL, [2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4]))) == [], "the end needs no mark"


def test_epochs_and_checkpoints_are_marked_in_the_curve_and_told_beside_it():
    marks = Marks(epochs=3, steps=6, checkpoints=(2, 4))
    figure = loss_chart(TURNED, marks)
    assert written_in(figure)[:3] == ["epoch 1", "2", "3"]
    assert "checkpoint kept" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert alternative_text(TURNED, marks).endswith("Checkpoints are kept at steps 2, 4.")


def test_of_many_epochs_only_some_are_marked():
    assert [number for number, _ in Marks(epochs=50, steps=500).epoch_ends] == list(range(5, 51, 5))


def test_a_host_that_says_no_epochs_gets_a_curve_without_them():
    assert Marks(epochs=None, steps=6).epoch_ends == [] == Marks(epochs=3).epoch_ends


def test_where_two_costs_cross_is_marked_with_the_day():
    days = [0.0, 10.0, 20.0]
    assert written_in(costs_chart(days, [1.0, 1.5, 2.0], [0.0, 1.5, 3.0], 9.6)) == ["day 10: paid off"]
    assert "cross on day 10" in costs_figure(days, [1.0, 1.5, 2.0], [0.0, 1.5, 3.0], crossing=9.6, caption="")
    assert written_in(costs_chart(days, [1.0, 2.0, 3.0], [0.0, 0.5, 1.0])) == []
