"""What an experiment is: a question, its data, its presets, and examples to try.

Those of the package are written in Python; a user's own are read from `experiment.json` (see own.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.answers.base import Answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError, DataError, InputError
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.train.facts import Facts

_LISTED = 12  # keys named in an error


class Preset(NamedTuple):
    """Settings that differ from the defaults, and why."""

    why: str
    settings: dict[str, Any]  # fields of ModelConfig and TrainConfig
    reasons: dict[str, str] = {}  # noqa: RUF012 -- of a setting, in one line; never changed


class Example(NamedTuple):
    """A sequence to try on the Predict page."""

    name: str
    sequence: str
    covariates: tuple[float, ...]
    note: str


@dataclass(frozen=True)
class Experiment:
    """One question put to a network. Adding one: a file with an Experiment and a line in EXPERIMENTS."""

    key: str
    title: str
    question: str  # one line
    explanation: str  # a few sentences: what is measured, on what, how well it goes
    task: str  # a key of ANSWERS
    alphabet: str  # 'DNA' or 'RNA'
    length: int  # bases, of the usual data
    label: str  # what y is, with its unit
    synthetic: Callable[..., Dataset] | None  # (n, seed=…) -> Dataset with known truth, where it can be made
    presets: dict[str, Preset]
    examples: tuple[Example, ...]
    covariates: tuple[str, ...] = ()
    assembly: str = ""  # genome assembly of ids that are loci
    motif: str = ""  # IUPAC consensus of what is expected to be found
    book_parts: tuple[str, str] = ("", "")  # names of the book's training and validation data
    class_names: tuple[str, str] = ("negative", "positive")  # what labels 0 and 1 mean
    quantity: str = "value"  # what a number measures, in a word
    word: str = ""  # IUPAC word to try where no motif is expected
    picture: tuple[str, str] = ("", "")  # an SVG beside the logo on its card, and what it shows
    guides: bool = False  # whether its sequences are siRNA guides, which can be designed
    names: tuple[str, ...] = ()  # of the labels where there are several, or of the classes
    unit: str = ""  # of y
    strand: str = "both"  # 'one' where the sequence is meant on the strand given, 'both' where either will do
    note: str = ""  # the user's own words about it
    own: bool = False  # brought by a user: its data are in the home folder
    parts: tuple[tuple[str, int], ...] = ()  # of own ones: train, valid and test, with their numbers of examples
    facts: Facts | None = None  # of own ones: what settings are chosen from
    data_hash: str = ""  # of own ones: sha256 of all examples in all parts

    @property
    def n_tasks(self) -> int:
        """Numbers the network predicts together: labels, or classes."""
        return len(self.names) or 1 + self.answer.joint

    @property
    def has_data(self) -> bool:
        """Whether an own experiment has its examples here: one that came with a model, or was emptied, has none."""
        return any(n for _, n in self.parts)

    @property
    def answer(self) -> Answer:
        """What y is: its loss, metrics and words."""
        return ANSWERS[self.task]

    @property
    def main_metric(self) -> str:
        return self.answer.main_metric

    def of_output(self, name: str) -> Experiment:
        """The question that one of several outputs answers, by its name: of a class, whether it is that one."""
        if not self.answer.single:
            return replace(self, label=name, quantity=name, names=())
        words: dict[str, Any] = {
            "label": f"whether it is {name}",
            "quantity": name,
            "class_names": (f"not {name}", name),
        }
        return replace(self, task=self.answer.single, names=(), **words)

    def model_config(self, preset: str = "book", data: Dataset | None = None, **overrides: Any) -> ModelConfig:
        """The network of a preset with `overrides`, shaped for `data` (length, tasks, covariates as fitted)."""
        settings = self._settings(preset, overrides, ModelConfig)
        own = {name: getattr(self, name) for name in ("task", "alphabet", "length", "covariates", "names", "n_tasks")}
        settings = own | {"output": self.answer.outputs[0]} | settings
        if data is not None:
            self.check(data)
            settings["length"], settings["n_tasks"] = data.length, self.answer.n_outputs(data.y, self.names)
            settings["names"] = self.names if len(self.names) == settings["n_tasks"] else ()
        config = ModelConfig(**settings)
        if data is None:
            return config
        if problem := self.output_problem(data, config.output):
            raise ConfigError(problem)
        return fit_covariates(config, data)

    def output_problem(self, data: Dataset, output: str) -> str:
        """Why a network that ends in `output` cannot give the labels of these examples; '' if it can."""
        for labels, weights in zip(data.y.T, data.w.T, strict=True):
            if problem := self.answer.output_problem(labels[weights > 0].astype(np.float64), output):
                return f"{data.label} has {problem}"
        return ""

    def train_config(self, preset: str = "book", **overrides: Any) -> TrainConfig:
        return TrainConfig(**self._settings(preset, overrides, TrainConfig))

    def check(self, data: Dataset) -> None:
        """DataError or ConfigError unless this dataset can answer this experiment's question."""
        if data.y.shape[1] == 0 or not len(data):
            raise DataError(f"{data.label} has no labelled examples to learn from: add a column or file of labels")
        if not (data.w > 0).any():
            raise DataError(
                f"every example to learn from in {data.label} has weight 0, which says that its label is not known: "
                f"give known ones a weight above 0"
            )
        missing = [name for name in self.covariates if name not in data.covariate_names]
        if missing:
            raise ConfigError(
                f"{data.label} has no {', '.join(missing)}, which {self.key} needs beside each sequence: name a file "
                f"of 'id value' lines as covariates"
            )
        if self.answer.joint and data.y.shape[1] > 1:
            raise ConfigError(
                f"{data.label} has {data.y.shape[1]} labels, but {self.key} asks for one of several classes: give one "
                f"label, the number of the class"
            )
        if problem := self.answer.label_problem(data.y[data.w > 0], self.names):
            raise ConfigError(f"{data.label} has {problem.format(experiment=self.key)}")
        if self.own and not self.answer.joint and data.y.shape[1] != self.n_tasks:
            raise ConfigError(f"{data.label} has {data.y.shape[1]} labels and {self.key} asks for {self.n_tasks}")

    def _settings(self, preset: str, overrides: dict[str, Any], config: type) -> dict[str, Any]:
        if preset not in self.presets:
            raise ConfigError(f"preset is {preset[:60]!r}: {self.key} has {', '.join(self.presets)}")
        known = {spec.name for spec in fields(ModelConfig)} | {spec.name for spec in fields(TrainConfig)}
        for name in overrides:
            if name not in known:
                raise ConfigError(f"unknown setting {name[:60]!r}: the settings are {', '.join(sorted(known))}")
        own = {spec.name for spec in fields(config)}
        merged = self.presets[preset].settings | {k: v for k, v in overrides.items() if v is not None}
        return {name: value for name, value in merged.items() if name in own}


def fit_covariates(config: ModelConfig, train: Dataset) -> ModelConfig:
    """`config` with the mean and scale of its covariates on the training data, where it standardises them."""
    if config.covariate_transform == "none" or not config.covariates:
        return config
    from dnaconv_core.model.convnet import LOG_OFFSET

    values = np.stack([train.covariate(name) for name in config.covariates], axis=1).astype(np.float64)
    if config.covariate_transform == "log":
        values = np.log(np.maximum(values, 0) + LOG_OFFSET)
    scale = values.std(axis=0)
    scale[scale == 0] = 1.0
    return config.replace(covariate_mean=tuple(values.mean(axis=0).tolist()), covariate_scale=tuple(scale.tolist()))


def find(experiments: dict[str, Experiment], name: str) -> Experiment:
    """The experiment of this key or unambiguous beginning of one. Raises InputError naming those there are."""
    matching = [key for key in experiments if key == name] or [key for key in experiments if key.startswith(name)]
    if not name or len(matching) != 1:
        known = [*experiments]
        more = f" or one of {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        raise InputError(f"there is no experiment {name[:60]!r}: choose {', '.join(known[:_LISTED])}{more}")
    return experiments[matching[0]]
