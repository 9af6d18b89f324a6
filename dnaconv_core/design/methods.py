"""The ways to search for designs, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dnaconv_core.design.by_gradient import gradient
from dnaconv_core.design.goal import Scorer
from dnaconv_core.design.rules import Checker
from dnaconv_core.design.search import Edits, Ways, beam, evolution, greedy
from dnaconv_core.progress import Progress

Way = Callable[[np.ndarray, Scorer, Checker, Ways, Progress], Edits]
METHODS: dict[str, Way] = {"greedy": greedy, "beam": beam, "evolution": evolution, "gradient": gradient}
WIDE = ("beam", "evolution")  # those that keep several sequences for each start
