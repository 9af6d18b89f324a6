"""All baselines, or those that do not take long."""

import numpy as np
import pytest

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.errors import ConfigError
from dnaconv_core.evaluate.baselines import SLOW, fit_baselines
from dnaconv_core.runs.baselines import only_quick


def test_the_environment_says_which_baselines_are_fitted(monkeypatch):
    monkeypatch.delenv("DNACONV_BASELINES")
    assert only_quick() is False
    monkeypatch.setenv("DNACONV_BASELINES", "quick")
    assert only_quick() is True
    monkeypatch.setenv("DNACONV_BASELINES", "none")
    with pytest.raises(ConfigError, match="DNACONV_BASELINES is 'none': write 'all' or 'quick'"):
        only_quick()


@pytest.mark.slow
def test_the_quick_ones_are_the_others_unchanged():
    data = tf_binding(240, length=60)
    parts = data.subset(np.arange(160)), data.subset(np.arange(160, 240))
    every, quick = dict(fit_baselines("binary", *parts)), dict(fit_baselines("binary", *parts, quick=True))
    assert set(every) - set(quick) == {"gapped", "jaspar", "boosted"} <= set(SLOW)
    for key, found in quick.items():
        np.testing.assert_array_equal(found.prediction, every[key].prediction)
