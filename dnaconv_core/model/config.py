"""What a network looks like and how it is trained: frozen dataclasses that check themselves and go to JSON and back.

Each field carries its own help, range and choices in `metadata`, so that command-line flags, form widgets, saved runs
and links are all made from the one place.
"""

from __future__ import annotations

from dataclasses import dataclass

from dnaconv_core.answers import ANSWERS
from dnaconv_core.answers.base import Answer
from dnaconv_core.answers.links import LINKS
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.heads import HEADS
from dnaconv_core.model.schema import Checked, setting
from dnaconv_core.model.steps import head_of, last_of_layer, steps


@dataclass(frozen=True)
class ModelConfig(Checked):
    """`Conv1D → ReLU → Dropout` × depth → Flatten or maximum → [hidden] → [covariates] → Dense [+ positional] → output.

    Between layers there may be pooling, and a layer may hand on what it was given beside its own filters.
    With `members` above 1 that many networks stand side by side in one: see model/convnet.py.
    """

    length: int = setting(101, "bases in one input sequence", low=1, high=100_000, label="Sequence length (bases)")
    alphabet: str = setting("DNA", "letters of the sequences", choices=("DNA", "RNA"))
    n_tasks: int = setting(1, "labels predicted together", low=1, high=1000)
    task: str = setting("binary", "class or number", choices=tuple(ANSWERS))
    output: str = setting("sigmoid", "what the last unit ends in", choices=tuple(LINKS), label="Output", group="model")
    depth: int = setting(3, "convolutional layers", low=1, high=6, label="Depth (layers)", group="model")
    filters: int = setting(15, "filters in each layer", low=1, high=256, label="Filters per layer", group="model")
    kernel_size: int = setting(10, "bases one filter looks at", low=1, high=25, label="Kernel (bases)", group="model")
    dropout: float = setting(
        0.5, "share of activations dropped in training", low=0.0, high=0.9, label="Dropout", group="model"
    )
    padding: str = setting(
        "same",
        "'same' keeps the length with zeros at the ends, 'valid' shortens it",
        choices=("same", "valid"),
        label="Padding",
        group="model",
    )
    pooling: str = setting(
        "flatten",
        ", ".join(f"{key!r} {head.help}" for key, head in HEADS.items()),
        choices=HEADS,
        label="Before the dense layer",
        group="model",
    )
    ignore_padding: bool = setting(
        False,
        "maximum and mean leave out positions that see nothing but unknown bases at the ends, as padded sequences have",
        label="Ignore padding",
        group="model",
    )
    pooled_dropout: float = setting(
        0.0,
        "share of the numbers that enter the dense layer dropped in training",
        low=0.0,
        high=0.9,
        label="Dropout before the dense layer",
        group="model",
    )
    pool_between: int = setting(
        1,
        "between two layers the strongest of so many neighbouring positions is handed on (1: every position)",
        low=1,
        high=16,
        label="Pooling between layers (positions)",
        group="model",
    )
    keep_layers: bool = setting(
        False,
        "a layer hands on what it was given beside its own filters, so that the last sees every layer (DenseNet)",
        label="Keep earlier layers",
        group="model",
    )
    stretches: int = setting(
        1,
        "the maximum is taken in each of so many equal stretches of the sequence; with both strands, of mirrored ones",
        low=1,
        high=20,
        label="Maximum in stretches",
        group="model",
    )
    hidden: int = setting(
        0, "hidden units before the output (0: none)", low=0, high=256, label="Hidden units", group="model"
    )
    strands: str = setting(
        "one",
        "'both' applies each filter to both strands and keeps the stronger",
        choices=("one", "both"),
        label="Strands read",
        group="model",
    )
    positional: bool = setting(
        False,
        "add a weight for each base at each position straight to the output: a linear model beside the filters",
        label="Positional weights",
        group="model",
    )
    composition: int = setting(
        0,
        "add weights for how far the GC content of this many first bases lies below 30 % and above 52 %, the range of "
        "good siRNAs (0: none)",
        low=0,
        high=100_000,
        label="GC content out of range (of first bases)",
        group="model",
    )
    members: int = setting(
        1,
        "networks that learn side by side from different starts and are averaged",
        low=1,
        high=16,
        label="Members (averaged)",
        group="model",
    )
    names: tuple[str, ...] = setting((), "of the labels predicted together, or of the classes")
    covariates: tuple[str, ...] = setting((), "names of the numbers given beside the sequence")
    covariate_transform: str = setting(
        "none",
        "what is done to raw covariates: 'log' is log(a + 0.001), then standardised",
        choices=("none", "standardize", "log"),
        label="Covariate transform",
        group="model",
    )
    covariate_gain: float = setting(
        1.0,
        "standardised covariates are multiplied by this, so that their weights are learnt faster",
        low=0.1,
        high=100.0,
        label="Covariate gain",
        group="model",
    )
    covariate_mean: tuple[float, ...] = setting((), "fitted on the training split, after the log")
    covariate_scale: tuple[float, ...] = setting((), "fitted on the training split, after the log")

    def check_together(self) -> None:
        if self.kernel_size > self.length:
            raise ConfigError(
                f"kernel_size is {self.kernel_size} but the sequences have {self.length} bases: "
                f"choose a kernel of at most {self.length}"
            )
        if self.padding == "valid" and self.length_after(self.depth) < 1:
            most = (self.length - 1) // (self.kernel_size - 1)
            raise ConfigError(
                f"depth is {self.depth} but without padding {self.length} bases are used up after {most} layers of "
                f"kernel {self.kernel_size}: choose a smaller depth or kernel, or padding 'same'"
            )
        if self.composition > self.length:
            raise ConfigError(
                f"composition is {self.composition} but the sequences have {self.length} bases: count at most those"
            )
        if self.keep_layers and self.padding == "valid":
            raise ConfigError("keep_layers is true but without padding layers differ in length: choose padding 'same'")
        if self.stretches > 1 and not head_of(self).divides:
            raise ConfigError(
                f"stretches is {self.stretches} but pooling {self.pooling!r} takes no maximum: "
                "choose 'max' or 'max_mean'"
            )
        if self.stretches > (left := self.length_after(self.depth)):
            raise ConfigError(f"stretches is {self.stretches} but {left} positions are left: choose at most {left}")
        if self.output not in self.answer.outputs:
            raise ConfigError(f"output is {self.output!r} but {self.answer.output_misfit}")
        if self.answer.joint and self.n_tasks < 2:
            raise ConfigError(f"n_tasks is {self.n_tasks}, but to choose among classes takes 2 or more: count them")
        self._check_names()
        if self.strands == "both" and self.alphabet == "RNA":
            raise ConfigError("strands is 'both' but the sequences are RNA: a guide has one strand, choose 'one'")
        if self.strands == "both" and self.positional:
            raise ConfigError(
                "positional is true but both strands are read, and a position is another one on the other strand: "
                "choose strands 'one'"
            )
        if self.strands == "both" and 0 < self.composition < self.length:
            raise ConfigError(
                f"composition is {self.composition} of {self.length} bases but both strands are read, and the first "
                f"ones are others on the other strand: choose {self.length}, or strands 'one'"
            )
        for name in ("covariate_mean", "covariate_scale"):
            values = getattr(self, name)
            if values and len(values) != len(self.covariates):
                raise ConfigError(f"{name} has {len(values)} values for {len(self.covariates)} covariates")
            if not all(isinstance(v, (int, float)) and abs(v) < float("inf") for v in values):
                raise ConfigError(f"{name} is {list(values)}: it must hold finite numbers")
        if not all(isinstance(name, str) for name in self.covariates):
            raise ConfigError(f"covariates is {list(self.covariates)}: it must hold names")

    @property
    def answer(self) -> Answer:
        """What an output is: its loss, link, metrics and words."""
        return ANSWERS[self.task]

    def _check_names(self) -> None:
        if not all(isinstance(name, str) and name.strip() for name in self.names):
            raise ConfigError(f"names is {list(self.names)}: it must hold names")
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise ConfigError(f"names holds {twice!r} twice: give each label or class a name of its own")
        if self.names and len(self.names) != self.n_tasks:
            raise ConfigError(f"names has {len(self.names)} names for {self.n_tasks} outputs: give one each, or none")

    def length_after(self, layer: int) -> int:
        """Positions left after `layer` layers (0 is the input)."""
        return last_of_layer(self, layer).positions

    @property
    def n_pooled(self) -> int:
        """Numbers of one member that enter the dense layer."""
        return self.hidden or head_of(self).numbers

    @property
    def n_features(self) -> int:
        """Numbers that enter the dense layer, of all members and the covariates that they share."""
        return self.members * self.n_pooled + len(self.covariates)

    @property
    def n_parameters(self) -> int:
        """Trainable numbers: weights and biases."""
        return sum(step.n_parameters for step in steps(self))


@dataclass(frozen=True)
class TrainConfig(Checked):
    """How a network is fitted."""

    epochs: int = setting(200, "passes over the training data", low=1, high=100_000, label="Epochs", group="train")
    eval_every: int = setting(
        10, "epochs between evaluations", low=1, high=100_000, label="Evaluate every (epochs)", group="train"
    )
    batch_size: int = setting(1000, "examples per step", low=1, high=1_000_000, label="Batch size", group="train")
    learning_rate: float = setting(
        1e-3, "Adam's step size", low=1e-7, high=10.0, label="Learning rate", group="train", log=True
    )
    schedule: str = setting(
        "constant",
        "'cosine' lets the step size fall to nothing over the epochs",
        choices=("constant", "cosine"),
        label="Schedule",
        group="train",
    )
    weight_decay: float = setting(
        0.0,
        "weights shrink by this times the step size at every step (AdamW)",
        low=0.0,
        high=100.0,
        label="Weight decay",
        group="train",
        log=True,
    )
    loss: str = setting(
        "auto",
        "'auto' takes cross-entropy for classes and L2 for numbers",
        choices=("auto", "cross_entropy", "l2"),
        label="Loss",
        group="train",
    )
    standardize: bool = setting(
        False,
        "numbers are learnt as distances from their mean in units of their spread; predictions are in their own units "
        "(only with a linear output)",
        label="Standardise labels",
        group="train",
    )
    balance: bool = setting(
        False, "draw as many positives as negatives into each batch", label="Balanced batches", group="train"
    )
    mutation: float = setting(
        0.0,
        "share of bases replaced by random ones in training, anew in every batch",
        low=0.0,
        high=0.9,
        label="Random mutations",
        group="train",
    )
    epoch_size: int = setting(
        0,
        "examples drawn in one epoch (0: as many as there are)",
        low=0,
        high=100_000_000,
        label="Examples per epoch",
        group="train",
    )
    keep: str = setting(
        "best",
        "'best' keeps the weights of the best validation metric, 'loss' those of the lowest validation loss, whose "
        "probabilities can be trusted, 'last' those of the last epoch, unseen by validation",
        choices=("best", "loss", "last"),
        label="Weights kept",
        group="train",
    )
    patience: int = setting(
        0,
        "stop after this many evaluations without better weights to keep (0: never)",
        low=0,
        high=10_000,
        label="Early stopping (evaluations)",
        group="train",
    )
    begin: str = setting(
        "random",
        "'jaspar' begins some first-layer filters as motifs of JASPAR CORE that tell the training examples apart, "
        "'words' as words that positives, or high and low values, are rich in",
        choices=("random", "jaspar", "words"),
        label="First filters begin",
        group="train",
    )
    begin_share: float = setting(
        0.25, "share of the filters that begin so; the others begin random", low=0.01, high=1.0,
        label="Share of filters that begin so", group="train",
    )  # fmt: skip
    freeze_filters: bool = setting(
        False,
        "filters that begin from motifs, words or a trained model stay as they begin; all else is trained",
        label="Freeze the filters",
        group="train",
    )
    seed: int = setting(0, "start of every random number", low=0, high=2**31 - 1, label="Seed", group="train")
    device: str = setting("auto", "auto, cpu, cuda, cuda:1 or mps", label="Device", group="train")
    precision: str = setting(
        "auto",
        "'auto' convolves in bfloat16 while training on a processor that has it, where that pays; 'float32' never does",
        choices=("auto", "float32"),
        label="Precision",
        group="train",
    )
    checkpoint_every: int = setting(
        10, "epochs between checkpoints", low=1, high=100_000, label="Checkpoint every (epochs)", group="train"
    )

    def check_together(self) -> None:
        if self.keep == "last" and self.patience:
            raise ConfigError(
                f"keep is 'last' but patience is {self.patience}: stopping by the validation part keeps the best, "
                f"choose keep 'best', keep 'loss' or patience 0"
            )
