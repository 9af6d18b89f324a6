"""Does the transcription factor JUND bind this window of chromosome 22?"""

from __future__ import annotations

from dnaconv_core.data import synthetic
from dnaconv_core.experiments.base import Example, Experiment, Preset
from dnaconv_core.experiments.from_facts import auto_preset
from dnaconv_core.train.facts import Facts

_BACKGROUND = "GTATCCTCGATGCTCCACAATACTTTGAATGAGTGTAGCAGTGATGGTATGT{}TTCAAGTTAAGTTACTCGAGTTTGATATATACCGACAACA"
AP1_SITE = _BACKGROUND.format("ATGACTCAT")
SHUFFLED_SITE = _BACKGROUND.format("ACTATGTCA")
REAL_SITE = "GAACTGACAAAAGAAAGGAAGAAGGAAGAGTAAGAAAGGTAACATCGAAGAAGCAAAAGTGGGGAAGAAACTCTGGATGAGTCATAATTGGTTATTCTTCT"
REAL_OTHER = "GTTACCTTGGAGGGTAATGCTTAACCCAACCCCATCAAACCCACCCATCACAACTGCTGGGGCCTGAGTGGACGGCTAGGGTGCCCTGCAGACTGACTACT"

BOOK = Preset("the network and training of the book: 3 layers of 15 filters, 200 epochs evaluated every 10", {})
QUICK = Preset(
    "the book's network with smaller batches and larger steps, which learns synthetic data in seconds",
    {"batch_size": 100, "learning_rate": 3e-3, "epochs": 20, "eval_every": 1, "checkpoint_every": 1, "patience": 8},
)
_REASONS = {
    "depth": "one layer: with 146 bound windows, deeper ones learn the windows by heart",
    "filters": "more filters: with only the maximum kept they cost few weights each",
    "kernel_size": "11 bases hold the motif and what stands beside it",
    "dropout": "no noise before the maximum, which would then report the noise",
    "pooled_dropout": "dropped after the maximum instead: no filter can be relied on alone",
    "pooling": "the strongest match wherever it lies: a motif may stand anywhere in the window",
    "strands": "each filter reads both strands: a factor binds either",
    "members": "the mean of several networks is steadier than any of them",
    "mutation": "bases change in every batch, which spoils what is learnt by heart but not a motif of many windows",
    "balance": "as many bound as unbound windows in each batch: one in 236 is bound",
    "epoch_size": "an epoch of a few thousand windows, so that training ends in seconds",
    "batch_size": "smaller batches, more steps",
    "learning_rate": "larger steps, for few epochs",
    "weight_decay": "weights that help little shrink",
    "epochs": "stops while it still generalises; chosen by cross-validation within the training part",
    "keep": "the last weights: validation is left unseen, so that its figures do not flatter",
    "covariate_gain": "its weight begins at nothing and moves at a quarter of one network's speed: larger steps",
    "covariate_transform": "accessibility is small and skewed: its logarithm, standardised, is one the network can use",
}
_TUNED = {
    "depth": 1,
    "filters": 64,
    "kernel_size": 11,
    "dropout": 0.0,
    "pooled_dropout": 0.5,
    "pooling": "max",
    "strands": "both",
    "members": 4,
    "mutation": 0.1,
    "balance": True,
    "epoch_size": 4000,
    "batch_size": 200,
    "learning_rate": 3e-3,
    "weight_decay": 0.3,
    "epochs": 16,
    "eval_every": 4,
    "checkpoint_every": 4,
    "keep": "last",
}
TUNED = Preset(
    "one wide layer on both strands, the maximum over positions, balanced batches, the mean of several networks: "
    "chosen by cross-validation within training data",
    _TUNED,
    _REASONS,
)
# facts_of the windows that `tuned` was chosen on, one part of the book's data
FACTS = Facts("binary", "DNA", 101, True, False, 34_527, 146, 1, one_hot=0.509, words=0.663, placed=0.609)

TF_BINDING = Experiment(
    key="tf_binding",
    title="TF binding",
    question="Does the transcription factor JUND bind this 101-base window?",
    explanation=(
        "JUND is half of AP-1, which binds TGACTCA. Measured data: windows of chromosome 22, and whether a ChIP-seq "
        "experiment in HepG2 cells found JUND there. Fewer than 1 in 200 of them are bound, so look at the "
        "precision-recall curve beside the ROC curve. Synthetic data: half of the windows hold a planted AP-1 site."
    ),
    task="binary",
    alphabet="DNA",
    length=101,
    label="JUND bound (0 or 1)",
    synthetic=synthetic.tf_binding,
    presets={"book": BOOK, "quick": QUICK, "tuned": TUNED, "auto": auto_preset(FACTS)},
    examples=(
        Example("Real bound window", REAL_SITE, (), "chr22:40256251-40256352 (hg19), bound by JUND in HepG2"),
        Example("Real unbound window", REAL_OTHER, (), "chr22:38077176-38077277 (hg19), not bound"),
        Example("Known AP-1 site", AP1_SITE, (), "TGACTCA in a random background"),
        Example("Shuffled control", SHUFFLED_SITE, (), "the same bases with the site's letters shuffled"),
    ),
    assembly="hg19",
    motif="TGASTCA",
    class_names=("not bound", "bound"),
    book_parts=("train_dataset", "valid_dataset"),
    facts=FACTS,
)
