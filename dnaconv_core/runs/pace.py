"""About how long a training takes on this machine: as long as the last like it, else measured on a few batches."""

from __future__ import annotations

import numpy as np

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.store import Store

_START = 4.0  # seconds until torch is imported and data are read
_BATCHES, _MOST = 2, 2000  # of an epoch that is tried, and its most examples


def seconds_before(store: Store, experiment: Experiment, preset: str, data: str) -> float | None:
    """What the newest finished run of the unchanged preset on these data took, baselines included; None without one."""
    for run in store.list(experiment.key):
        asked = run.spec
        same = (asked.preset, asked.data) == (preset, data) and not (asked.settings or asked.start or asked.inner)
        if run.state == "finished" and same and run.seconds:
            return run.seconds
    return None


def seconds_tried(experiment: Experiment, preset: str, n: int) -> float:
    """Seconds to train a preset on `n` examples, from the speed of a second epoch of a few batches made at random."""
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.sequence.encoding import from_codes
    from dnaconv_core.train.device import resolve
    from dnaconv_core.train.loop import fit

    config, training = experiment.model_config(preset), experiment.train_config(preset)
    rng = np.random.default_rng(0)
    few = min(n, _BATCHES * training.batch_size, _MOST)
    labels = np.arange(few * (1 if config.answer.joint else config.n_tasks)).reshape(few, -1)
    y = labels % (config.n_tasks if config.answer.joint else 2)
    data = Dataset(
        X=from_codes(rng.integers(0, 4, (few, config.length), dtype=np.int8)),
        y=y.astype(np.float32),
        w=np.ones_like(y, np.float32),
        ids=np.arange(few).astype(str),
        covariates=np.ones((few, len(config.covariates)), np.float32) if config.covariates else None,
        covariate_names=config.covariates,
        alphabet=config.alphabet,
    )
    tried = training.replace(epochs=2, eval_every=1, checkpoint_every=2, epoch_size=0, begin="random", patience=0)
    speed = fit(ConvNet(config), data, data, tried, device=resolve("auto")).evaluations[-1].samples_per_second
    return _START + training.epochs * (training.epoch_size or n) / speed
