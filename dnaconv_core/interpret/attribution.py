"""Which bases made the network say what it says: one contract for every method.

All methods explain the output **before** the sigmoid. Gradients and their integral are Captum's; DeepLIFT is our own:
Captum's hooks do not follow a maximum over positions or strands, where ours stays exact. Adding one: a function
`(model, x, covariates, options) -> Scores` and a line in ATTRIBUTIONS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.engine.as_found import as_found as as_found
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.ism import ism as run_ism
from dnaconv_core.model.inputs import check_input, covariates_for
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle
from dnaconv_core.threads import in_batches, threads_of

if TYPE_CHECKING:
    import torch

    from dnaconv_core.model.convnet import ConvNet

ZERO, UNIFORM, SHUFFLED = "zero", "uniform", "shuffled"
_AT_ONCE = 2**20  # activations of one layer held together: about what a CPU's caches hold
_WORTH = 8  # sequences; fewer are not shared out among threads


class Attribution(NamedTuple):
    """What a method says of N sequences.

    values: `(N, 4, L)` float32, the score of the observed base and 0 elsewhere ('gradient' has all four bases).
    hypothetical: `(N, 4, L)` float32, the score of all four bases. delta: `(N,)` float32, |Σ attribution − Δ output|
    against the reference, where the method promises that it is 0 (before any correction); else None. covariates:
    `(N, C)` float32, the contribution of each to the logit against the covariate's transformed zero (the training mean
    where it is standardised); for 'gradient' the derivative by the transformed value. None without covariates.
    """

    method: str
    values: np.ndarray
    hypothetical: np.ndarray
    delta: np.ndarray | None
    covariates: np.ndarray | None
    reference: str  # what it compares with, in words; '' where with nothing


class Options(NamedTuple):
    """How a method is run; each takes from it what it needs."""

    task: int = 0
    correct: bool = False
    reference: str | np.ndarray = ZERO
    n_references: int = 20
    n_steps: int = 50
    seed: int = 0

    def of(self, rows: slice) -> Options:
        """For these rows, where each has a reference of its own."""
        own = isinstance(self.reference, np.ndarray) and self.reference.ndim == 3
        return self._replace(reference=self.reference[rows]) if own else self


class Scores(NamedTuple):
    """Of B sequences: hypothetical scores `(B, 4, L)`, and |Σ − Δ output| `(B,)` where the method has it."""

    hypothetical: np.ndarray
    delta: np.ndarray | None = None


def attribute(
    model: ConvNet,
    X: np.ndarray | Dataset,
    *,
    method: str,
    covariates: np.ndarray | None = None,
    task: int = 0,
    correct: bool = False,
    reference: str | np.ndarray | None = None,
    n_references: int = 20,
    n_steps: int = 50,
    seed: int = 0,
    batch_size: int | None = None,
    on: str = "",
    progress: Progress = SILENT,
) -> Attribution:
    """The contribution of each base of one-hot `(N, 4, L)` to the logit of `task`.

    method: a key of ATTRIBUTIONS. correct: subtract the mean over the four bases from the gradient, which means nothing
    in that direction (Majdandzic et al. 2023); only for gradient methods. reference: 'zero', 'uniform' (0.25 of each
    base), 'shuffled' (dinucleotide shuffles, `n_references` of each sequence) or one-hot `(4, L)` or `(N, 4, L)`;
    by default zero, and shuffled for deeplift_shap. n_steps: of the integral. covariates: raw `(N, C)`. on: a Dask
    cluster that computes them, with the same result (see `blocks`). The model is left as it was: mode, gradients,
    hooks. Stops early only when `progress` asks: rows not reached are NaN.
    Raises InputError for an unknown method, reference or task, or shapes that do not fit.
    """
    if isinstance(X, Dataset):
        covariates = covariates_for(model, X) if covariates is None else covariates
        X = X.X
    covariates = check_input(model.config, X, covariates)
    if method not in ATTRIBUTIONS:
        raise InputError(f"method is {method!r}: choose {', '.join(ATTRIBUTIONS)}")
    if not 0 <= task < model.config.n_tasks:
        raise InputError(f"task is {task}: this model has {model.config.n_tasks}, counted from 0")
    if correct and method not in GRADIENTS:
        raise InputError(f"correct is true but {method} has no gradient to correct: use {', '.join(GRADIENTS)}")
    if n_references < 1 or n_steps < 1:
        raise InputError(f"n_references is {n_references} and n_steps {n_steps}: both must be at least 1")
    if reference is None:
        reference = SHUFFLED if method == "deeplift_shap" else ZERO
    options = Options(task, correct, _check_reference(reference, X), n_references, n_steps, seed)
    batch = batch_size or rows_at_once(model, len(X), options)
    how: dict[str, Any] = {"method": method, "options": options, "batch_size": batch, "progress": progress}
    if on:
        from dnaconv_core.interpret.blocks import in_blocks

        found = Scores(*in_blocks("attribute", model, X, covariates, on=on, **how))
    else:
        found = scores(model, X, covariates, **how)
    every, beside = found.hypothetical, _covariate_scores(model, covariates, method, task)
    values = every.copy() if method == "gradient" else observed(every, X[:])
    words, delta = (_reference_words(options), found.delta) if method in REFERENCED else ("", None)
    return Attribution(method, values, every, delta, beside, words)


def observed(hypothetical: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Hypothetical scores `(N, 4, L)` at the observed bases alone."""
    return (hypothetical * X).astype(np.float32, copy=False)


def scores(
    model: ConvNet,
    X: np.ndarray,
    covariates: np.ndarray | None,
    *,
    method: str,
    options: Options,
    batch_size: int,
    progress: Progress = SILENT,
) -> Scores:
    """What a method says of one-hot `(N, 4, L)`, so many at a time; NaN where not reached, or not promised."""
    n = len(X)
    hypothetical, delta = np.full((n, 4, X.shape[2]), np.nan, np.float32), np.full(n, np.nan, np.float32)

    def fill(rows: slice) -> None:
        x, beside = np.ascontiguousarray(X[rows]), None if covariates is None else covariates[rows]
        found = ATTRIBUTIONS[method](model, x, beside, options.of(rows))
        hypothetical[rows] = found.hypothetical
        delta[rows] = np.nan if found.delta is None else found.delta

    with as_found(model):
        for rows in in_batches(fill, n, batch_size, threads_of(model)):
            progress.report(rows.stop / n, f"{rows.stop:,} of {n:,} sequences explained")
            if progress.should_stop():
                break
    return Scores(hypothetical, delta)


def rows_at_once(model: ConvNet, n: int, options: Options) -> int:
    """Of n sequences, how many are explained together."""
    many = options.n_references if isinstance(options.reference, str) and options.reference == SHUFFLED else 1
    step, threads = max(1, _rows(model) // many), threads_of(model)
    return min(step, max(_WORTH, -(-n // threads))) if threads > 1 else step


def _rows(model: ConvNet) -> int:
    """Sequences that go through the network together."""
    return max(1, _AT_ONCE // (model.config.members * model.config.filters * model.config.length))


def gradient(model: ConvNet, x: np.ndarray, covariates: np.ndarray | None, options: Options) -> Scores:
    """The derivative of the logit by each entry of the one-hot (Simonyan et al. 2014), signed."""
    return Scores(_corrected(_gradient(model, _tensor(model, x), covariates, options.task), options))


def input_x_gradient(model: ConvNet, x: np.ndarray, covariates: np.ndarray | None, options: Options) -> Scores:
    """The gradient at the observed bases."""
    return gradient(model, x, covariates, options)


def integrated_gradients(model: ConvNet, x: np.ndarray, covariates: np.ndarray | None, options: Options) -> Scores:
    """The mean gradient along the straight line from the reference, times the difference (Sundararajan et al. 2017).

    By Gauss-Legendre quadrature with `n_steps` nodes; with several references the mean over them.
    """
    from captum.attr import IntegratedGradients

    integral = IntegratedGradients(_forward(model), multiply_by_inputs=False)  # the mean gradient itself

    def along(x: torch.Tensor, reference: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        many = len(reference) // len(x)
        x = x.repeat_interleave(many, dim=0)
        beside = None if covariates is None else _tensor(model, np.repeat(covariates, many, axis=0))
        found = integral.attribute(
            x.clone().requires_grad_(True),
            reference,
            options.task,
            additional_forward_args=None if beside is None else (beside,),
            n_steps=options.n_steps,
            internal_batch_size=max(len(x), _rows(model)),  # nodes go through the network together
        )
        here, there = (_logits(model, read, beside, options.task, x) for read in (x, reference))
        return found.detach(), here - there

    return _against_references(model, x, options, along)


def deeplift(model: ConvNet, x: np.ndarray, covariates: np.ndarray | None, options: Options) -> Scores:
    """DeepLIFT's rescale rule against one reference (see engine/deeplift.py, and own_deeplift.py)."""
    from dnaconv_core.engine import deeplift, own_deeplift

    multipliers = own_deeplift.multipliers if getattr(model, "alone", False) else deeplift.multipliers
    return _against_references(model, x, options, lambda x, reference: multipliers(model, x, reference, options.task))


def deeplift_shap(model: ConvNet, x: np.ndarray, covariates: np.ndarray | None, options: Options) -> Scores:
    """The mean of DeepLIFT over many references (Lundberg & Lee 2017), by default dinucleotide shuffles."""
    return deeplift(model, x, covariates, options)


def ism(model: ConvNet, x: np.ndarray, covariates: np.ndarray | None, options: Options) -> Scores:
    """The change of the logit for every base, minus the mean over the four: what this base adds over the others."""
    change = run_ism(model, x, covariates, task=options.task)
    return Scores(change - change.mean(axis=1, keepdims=True))


ATTRIBUTIONS: dict[str, Callable[[ConvNet, np.ndarray, np.ndarray | None, Options], Scores]] = {
    "gradient": gradient,
    "input_x_gradient": input_x_gradient,
    "integrated_gradients": integrated_gradients,
    "deeplift": deeplift,
    "deeplift_shap": deeplift_shap,
    "ism": ism,
}
GRADIENTS = ("gradient", "input_x_gradient", "integrated_gradients")
REFERENCED = ("integrated_gradients", "deeplift", "deeplift_shap")
NAMES = {
    "gradient": "Gradient", "input_x_gradient": "Input × gradient", "integrated_gradients": "Integrated gradients",
    "deeplift": "DeepLIFT", "deeplift_shap": "DeepLIFT/SHAP", "ism": "ISM",
}  # fmt: skip


def _against_references(
    model: ConvNet,
    x: np.ndarray,
    options: Options,
    multiply: Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]],
) -> Scores:
    """Mean over references of multiplier × (base − reference), for all four bases, and how far its sum is off.

    multiply: from sequences `(B, 4, L)` and R references of each, `(B·R, 4, L)`, the multipliers of the latter's shape
    and by how much the logit differs, `(B·R,)`.
    """
    given, references = _tensor(model, x), _tensor(model, _references(x, options))  # (B, 4, L), (B, R, 4, L)
    found, change = multiply(given, references.flatten(0, 1))
    found, change = found.view_as(references), change.view(references.shape[:2])
    promised = (found * (given[:, None] - references)).sum(dim=(2, 3))  # (B, R)
    if options.correct:
        found = found - found.mean(dim=2, keepdim=True)
    scores = (found - (found * references).sum(dim=2, keepdim=True)).mean(dim=1)  # (B, 4, L)
    return Scores(scores.cpu().numpy(), (promised - change).mean(dim=1).abs().cpu().numpy())


def _references(x: np.ndarray, options: Options) -> np.ndarray:
    """`(B, R, 4, L)` float32. Unknown bases of x are unknown in the reference too, so that they count for nothing."""
    if isinstance(options.reference, np.ndarray):
        chosen = np.broadcast_to(options.reference, x.shape)[:, None].astype(np.float32)
    elif options.reference == SHUFFLED:  # unknown bases stay in place
        return dinucleotide_shuffle(x, options.n_references, seed=options.seed).astype(np.float32)
    else:
        chosen = np.full((len(x), 1, *x.shape[1:]), 0.25 if options.reference == UNIFORM else 0.0, np.float32)
    return chosen * (x.sum(axis=1, keepdims=True) > 0)[:, None]


def _check_reference(reference: str | np.ndarray, X: np.ndarray) -> str | np.ndarray:
    if isinstance(reference, str):
        if reference not in (ZERO, UNIFORM, SHUFFLED):
            raise InputError(f"reference is {reference!r}: choose 'zero', 'uniform', 'shuffled', or give one-hot")
        return reference
    reference = np.asarray(reference)
    one, all_of_them = tuple(X.shape[1:]), tuple(X.shape)
    if reference.shape not in (one, all_of_them):
        raise InputError(f"the reference has shape {reference.shape}: it must be {one} or {all_of_them}")
    return reference


def _reference_words(options: Options) -> str:
    if isinstance(options.reference, np.ndarray):
        return "the given reference"
    return {
        ZERO: "an empty sequence (all zeros)",
        UNIFORM: "a quarter of each base",
        SHUFFLED: f"{options.n_references} dinucleotide shuffles of the sequence, which keep its first and last base",
    }[options.reference]


def _covariate_scores(model: ConvNet, covariates: np.ndarray | None, method: str, task: int) -> np.ndarray | None:
    """Covariates enter the dense layer directly, so every method gives weight × transformed value, exactly."""
    if covariates is None:
        return None
    import torch

    with torch.no_grad():
        weight = model.dense.weight[task, -covariates.shape[1] :]
        seen = model.transform(torch.from_numpy(covariates).to(weight.device))  # (N, C)
        return (weight.expand_as(seen) if method == "gradient" else weight * seen).cpu().numpy()


def _gradient(model: ConvNet, x: torch.Tensor, covariates: np.ndarray | None, task: int) -> np.ndarray:
    from captum.attr import Saliency

    beside = None if covariates is None else (_tensor(model, covariates),)
    x = x.detach().requires_grad_(True)
    return Saliency(_forward(model)).attribute(x, task, abs=False, additional_forward_args=beside).cpu().numpy()


def _forward(model: ConvNet) -> Callable[..., torch.Tensor]:
    """What Captum asks: logits `(B, T)` of one-hot and raw covariates, if there are any."""
    from dnaconv_core.engine import forward

    return lambda x, covariates=None: forward.logits(model, x, covariates)


def _logits(
    model: ConvNet, x: torch.Tensor, covariates: torch.Tensor | None, task: int, like: torch.Tensor
) -> torch.Tensor:
    """`(B,)`, where what is padding in `like` is padding."""
    import torch

    from dnaconv_core.engine import forward

    with torch.no_grad():
        return forward.logits_placed(model, x, covariates, like)[:, task]


def _corrected(scores: np.ndarray, options: Options) -> np.ndarray:
    return scores - scores.mean(axis=1, keepdims=True) if options.correct else scores


def _tensor(model: ConvNet, values: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)).to(next(model.parameters()).device).float()
