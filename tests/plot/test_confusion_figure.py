from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.each import confusion
from dnaconv_core.plot.confusion import confusion_figure


def test_counts_stand_in_the_cells_and_shares_of_the_row_in_their_colour():
    y = np.array([0, 0, 0, 1, 2, 2, 1])
    called = np.array([0, 0, 1, 1, 2, 0, 0])
    w = np.array([1, 1, 1, 1, 1, 1, 0])  # the last is not known
    counts = confusion(y, np.eye(3)[called], w)
    assert counts.tolist() == [[2, 1, 0], [0, 1, 0], [1, 0, 1]]
    (heat,) = confusion_figure(counts, ["liver", "blood", "neither"]).data
    assert [list(row) for row in heat.text] == [["2", "1", "0"], ["0", "1", "0"], ["1", "0", "1"]]
    assert heat.z[0] == pytest.approx([0.6667, 0.3333, 0]) and heat.z[2] == pytest.approx([0.5, 0, 0.5])
    assert list(heat.x) == list(heat.y) == ["liver", "blood", "neither"]


def test_a_class_that_never_occurs_has_an_empty_row_and_odd_input_is_refused():
    (heat,) = confusion_figure(confusion([0, 0], np.eye(3)[[0, 2]]), ["a", "b", "c"]).data
    assert list(heat.z[1]) == [0, 0, 0]
    with pytest.raises(InputError, match=r"counts has shape \(3, 3\) for 2 names"):
        confusion_figure(np.zeros((3, 3)), ["a", "b"])
    with pytest.raises(InputError, match="a label is 3: the classes are 0 to 2"):
        confusion([0, 3], np.eye(3)[[0, 2]])


def test_a_long_name_is_cut_on_the_axis_and_whole_in_the_tip():
    figure = confusion_figure(np.ones((2, 2)), ["none", "smooth muscle cells"])
    assert list(figure.layout.yaxis.ticktext) == ["none", "smooth muscle…"]
    assert list(figure.data[0].x) == ["none", "smooth muscle cells"]
