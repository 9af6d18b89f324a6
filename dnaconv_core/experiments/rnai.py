"""How well does this siRNA silence its gene?"""

from __future__ import annotations

from dnaconv_core.data import synthetic
from dnaconv_core.experiments.base import Example, Experiment, Preset
from dnaconv_core.experiments.tf_binding import QUICK

_BOOK = {"depth": 2, "filters": 10, "dropout": 0.3}

RNAI = Experiment(
    key="rnai",
    title="RNA interference",
    question="How well does this 21-base siRNA silence its gene?",
    explanation=(
        "Each example is the guide strand of an siRNA, 5' to 3', and the activity measured for it by Huesken et al. "
        "(2005): near 0 is inactive, 1 is about as strong as the reference. Activity depends on which base stands "
        "where, not on a motif that moves."
    ),
    task="regression",
    alphabet="RNA",
    length=21,
    label="silencing activity (normalised)",
    synthetic=synthetic.rnai,
    presets={
        "book": Preset(
            "the network and training of the book: 2 layers of 10 filters, dropout 0.3, 200 epochs",
            _BOOK,
        ),
        "quick": Preset(QUICK.why, QUICK.settings | _BOOK),
    },
    examples=(
        Example("Active siRNA", "CCUAAGAUAAUUCUGCGCCUG", (), "measured activity 1.34, the strongest held out"),
        Example("Weak siRNA", "AGGUGCCCUGAGGUGGCGUCA", (), "measured activity 0.09, the weakest held out"),
        Example("Another active siRNA", "CAUGUCUACAAUCCACUGUGU", (), "measured activity 1.10"),
    ),
    book_parts=("train_siRNA", "valid_siRNA"),
)
