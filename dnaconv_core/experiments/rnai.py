"""How well does this siRNA silence its gene?"""

from __future__ import annotations

from dnaconv_core.data import synthetic
from dnaconv_core.experiments.base import Example, Experiment, Preset
from dnaconv_core.experiments.from_facts import auto_preset
from dnaconv_core.experiments.tf_binding import QUICK
from dnaconv_core.train.facts import Facts

_BOOK = {"depth": 2, "filters": 10, "dropout": 0.3}

_TUNED = {
    "output": "linear",
    "positional": True,
    "composition": 19,
    "depth": 1,
    "filters": 40,
    "kernel_size": 4,
    "dropout": 0.0,
    "pooling": "max_mean",
    "pooled_dropout": 0.2,
    "members": 8,
    "weight_decay": 0.3,
    "batch_size": 100,
    "learning_rate": 3e-3,
    "epochs": 25,
    "eval_every": 5,
    "checkpoint_every": 5,
    "keep": "last",
}
# facts_of the book's training part
_FACTS = Facts("regression", "RNA", 21, False, False, 2187, 2187, 1, one_hot=0.626, words=0.482, boosted=0.599)

RNAI = Experiment(
    key="rnai",
    title="RNA interference",
    question="How well does this 21-base siRNA silence its gene?",
    explanation=(
        "Each example is the guide strand of an siRNA, 5' to 3', and the activity measured for it by Huesken et al. "
        "(2005): near 0 is inactive, 1 is about as strong as the reference. Activity depends on which base stands "
        "where, not on a motif that moves. Synthetic data follow published rules of that, with noise."
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
        "tuned": Preset(
            "a linear model of which base stands where, and beside it the mean of several small networks for what it "
            "misses; a linear output, as activities exceed 1",
            _TUNED,
            {
                "output": "activities reach 1.34 and a sigmoid cannot exceed 1",
                "positional": "it depends most on which base stands where: 84 weights say that",
                "composition": "guides of too little G and C silence less, which no sum over positions says; 19 bases "
                "pair, and the range is from the literature, not from these data",
                "depth": "one layer: 21 bases need no more",
                "filters": "more short filters, for pairs and triples of neighbouring bases",
                "kernel_size": "short words: the guide has no long motif",
                "dropout": "no noise inside the filters",
                "pooling": "which short words there are, and how many: where they stand is for the positional weights",
                "pooled_dropout": "but noise before the output: 2,187 guides are few",
                "members": "the mean of several networks is steadier than any of them",
                "weight_decay": "weights that help little shrink, as in ridge regression",
                "batch_size": "smaller batches, more steps",
                "learning_rate": "larger steps, for few epochs",
                "epochs": "stops while it still generalises; chosen by cross-validation within the training part",
                "keep": "the last weights: validation is left unseen, so that its figures do not flatter",
            },
        ),
        "auto": auto_preset(_FACTS),
    },
    facts=_FACTS,
    examples=(
        Example("Active siRNA", "CCUAAGAUAAUUCUGCGCCUG", (), "measured activity 1.34, the strongest held out"),
        Example("Weak siRNA", "AGGUGCCCUGAGGUGGCGUCA", (), "measured activity 0.09, the weakest held out"),
        Example("Another active siRNA", "CAUGUCUACAAUCCACUGUGU", (), "measured activity 1.10"),
    ),
    book_parts=("train_siRNA", "valid_siRNA"),
    quantity="activity",
    word="UUAAU",
    guides=True,
)
