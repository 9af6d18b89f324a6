"""Which part each example of a new experiment goes to."""

from __future__ import annotations

from typing import Any

import numpy as np

from dnaconv_core.data.examples import Examples
from dnaconv_core.data.parts import assign_parts, safest
from dnaconv_core.errors import DataError, InputError


def divide(examples: Examples, spec: dict[str, Any], seed: int) -> tuple[np.ndarray, str]:
    """`(N,)` 'train', 'valid' or 'test' ('' for those taken out), and the sentences that say how and why.

    spec: of `data.parts.assign_parts`; {} for the safest that the examples allow. A test part that came as files of its
    own stays as it is.
    """
    came = examples.part
    given = came is not None and bool((came != "").any())
    if given and spec and spec["kind"] != "column":
        raise InputError("the files say which part each example belongs to: leave --split out, or the column or files")
    if came is not None and given and "train" not in came:
        examples = examples._replace(part=np.where(came == "", "train", came))
    why = ""
    if not spec:
        spec, why = safest(examples)
    if "seed" not in spec:
        spec = {**spec, "seed": seed}
    try:
        part, sentence = assign_parts(examples, spec)
    except DataError as error:
        if not examples.skipped:
            raise
        n, first = len(examples.skipped), examples.skipped[0]
        left = "1 row was left out:" if n == 1 else f"{n:,} rows were left out, the first:"
        raise DataError(f"{error}. {left} {first.file} line {first.line}, {first.reason}") from None
    return part, f"{why} {sentence}".strip()
