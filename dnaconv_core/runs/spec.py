"""What a run is asked to do: enough to do it again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from dnaconv_core.data.inner import INNER
from dnaconv_core.data.split import check_split
from dnaconv_core.errors import ConfigError
from dnaconv_core.evaluate.metrics import check_pairing
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import BOOK, DEFAULT_SPLIT, OWN, SYNTHETIC, default_source
from dnaconv_core.runs.baselines import check_wish
from dnaconv_core.train.begin import check_begin
from dnaconv_core.train.unwise import check_balance


@dataclass(frozen=True)
class RunSpec:
    """One training, as it is stored with the run. `settings` are the fields that differ from the preset."""

    experiment: str
    data: str = ""  # 'synthetic', 'book', 'own', or a path; left out: an own experiment's own, else synthetic
    valid: str = ""  # a path; empty: `split` makes the validation part
    covariates: str = ""  # a path of `id value` lines
    split: dict[str, Any] = field(default_factory=lambda: dict(DEFAULT_SPLIT))
    preset: str = "book"
    settings: dict[str, Any] = field(default_factory=dict)
    baselines: str = ""  # which are fitted after it: 'quick', or as $DNACONV_BASELINES says
    start: str = ""  # the model whose weights it starts with, as `find_model` knows it; empty: it starts random

    def __post_init__(self) -> None:
        experiment = get_experiment(self.experiment)
        object.__setattr__(self, "experiment", experiment.key)
        object.__setattr__(self, "data", self.data or default_source(experiment))
        if self.data == OWN and not experiment.has_data:
            raise ConfigError(f"{experiment.key} has no examples of its own here: name a folder or file of data")
        check_split(self.split)
        check_wish(self.baselines)
        if self.inner and self.split.get("of") and (self.valid or self.data in (BOOK, OWN)):
            raise ConfigError("the inner split names another one, but the validation data are a part of their own")
        network = experiment.model_config(self.preset, **self.settings)  # refuses what cannot be before anything starts
        training = experiment.train_config(self.preset, **self.settings)
        check_pairing(experiment.task, training.loss)
        check_balance(experiment.task, training)
        check_begin(network, training, from_model=bool(self.start))

    @property
    def inner(self) -> bool:
        """Whether it is measured on a part of the training part, for a choice, and not on the one that is reported."""
        return self.split.get("kind") == INNER

    @classmethod
    def recorded(cls, stored: dict[str, Any]) -> RunSpec:
        """What a run was asked to do, as it stands: one that another version made can be looked at and deleted, even
        where this one could not train it."""
        spec = object.__new__(cls)
        for known in dataclasses.fields(cls):
            default = known.default if known.default_factory is dataclasses.MISSING else known.default_factory()
            object.__setattr__(spec, known.name, stored.get(known.name, default))
        object.__setattr__(spec, "data", spec.data or SYNTHETIC)  # what a run was before its data were recorded
        return spec

    def to_json(self) -> dict[str, Any]:
        """All fields; without `baselines` where nothing is said of them, as versions that did not know of it wrote."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "baselines" or value}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> RunSpec:
        empty: dict[str, Any] = {spec.name: "" for spec in dataclasses.fields(cls)} | {"split": {}, "settings": {}}
        known = sorted(empty)
        for key in stored:
            if key not in known:
                raise ConfigError(f"unknown key {key[:60]!r} in a run: the keys are {', '.join(known)}")
        wrong = [key for key in known if not isinstance(stored.get(key, empty[key]), type(empty[key]))]
        if wrong or "experiment" not in stored:
            raise ConfigError(f"{(*wrong, 'experiment')[0]} of a run is missing or of another kind: start it anew")
        return cls(**stored)
