"""Curves: valid pictures whose lines lie where the values say; a run's log is read in both its forms."""

import numpy as np
import pytest
from test_evaluation_picture import read_png

from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.evaluation.curves import read_curves, write_curves_png
from audiosr_desktop.evaluation.picture import SERIES, TOP
from audiosr_desktop.evaluation.plot import Line, write_lines_png

TEXT = """step 12 0.2 min, l1 0.3971, loss 0.5, norm 1e-05 | held out, l1 0.4225
not a line of figures
step 40 2.0 min, l1 0.3000, loss 0.4, norm 0.2 | held out, l1 0.3500
step 8"""
TABLE = (
    "step,minutes,part,name,value\n12,0.2,train,loss,0.5\n12,0.2,held_out,l1,0.4\n40,2,train,loss,0.25\n40,2"
)


def rows_of(image, colour):
    """Mean row of a series in each column of the plot, below the legend."""
    hits = (image == colour).all(axis=2)
    hits[: TOP + 40] = False
    return {int(x): float(np.flatnonzero(hits[:, x]).mean()) for x in np.flatnonzero(hits.any(axis=0))}


def test_lines_rise_and_fall_with_their_values(tmp_path):
    lines = [Line("up", [1, 2, 4], [0.0, 1.0, 2.0]), Line("down", [1, 2, 4], [0.4, 0.2, float("nan")])]
    write_lines_png(tmp_path / "lines.png", "LSD", "steps", lines, log_x=True)
    image = read_png(tmp_path / "lines.png")
    up, down = (rows_of(image, colour) for colour in SERIES[:2])
    left, right = min(up), max(up)
    assert up[left] > up[(left + right) // 2] > up[right]  # rows count from the top
    straight = (up[left] + up[right]) / 2  # 1, 2, 4 are evenly spaced on the axis
    assert up[(left + right) // 2] == pytest.approx(straight, abs=3)
    assert max(down) < right - 100


@pytest.mark.parametrize("lines", [[], [Line("point", [3.0], [1.0])], [Line("none", [1.0], [float("nan")])]])
def test_little_or_nothing_can_be_drawn(tmp_path, lines):
    write_lines_png(tmp_path / "empty.png", "NOTHING", "STEPS", lines)
    assert read_png(tmp_path / "empty.png").shape[2] == 3


@pytest.mark.parametrize(
    ("name", "content"), [("figures.csv", TEXT), ("log.txt", TEXT), ("curves.csv", TABLE)]
)
def test_both_logs_of_a_run_are_read_to_where_a_kill_cut_them(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    curves = read_curves(tmp_path)
    assert curves["train", "loss"] == [(12, 0.5), (40, pytest.approx(0.25, abs=0.16))]
    assert curves["held out", "l1"][0][0] == 12
    assert read_curves(tmp_path / name) == curves
    write_curves_png(tmp_path / "losses.png", [tmp_path])
    image = read_png(tmp_path / "losses.png")
    loss = rows_of(image, SERIES[0])
    assert loss[min(loss)] < loss[max(loss)]


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(AudioFileError, match=r"curves\.csv"):
        read_curves(tmp_path)
    with pytest.raises(AudioFileError, match="cannot be read"):
        read_curves(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AudioFileError, match=r"odd\.csv"):
        read_curves(tmp_path / "odd.csv")
    (tmp_path / "empty.csv").write_text("nothing here")
    with pytest.raises(AudioFileError, match="no figures"):
        read_curves(tmp_path / "empty.csv")
