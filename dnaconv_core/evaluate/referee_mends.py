"""What mends a thing that the referee found, as far as the form in which the data came allows it."""

from __future__ import annotations

from dnaconv_core.answers import ANSWERS
from dnaconv_core.evaluate.referee_line import Facts


def apart(facts: Facts) -> str:
    """How examples that are alike come into one part."""
    came = facts.came
    if came is None or not (came.parts_given or came.split == "groups"):
        return "--split groups"
    if came.split == "groups":
        return "leave those examples out of the files: similar ones were kept together already"
    if came.form == "table":
        return "--split groups, without --split-column"
    return "take what stands in the files for testing out of those for training"


def both_classes(facts: Facts) -> str:
    """How every part gets its share of each class."""
    if facts.came is not None and facts.came.parts_given:
        return "divide the files so that every part has its share of each class, or leave the parts to --split"
    return "--split groups, or more examples"


def composition(facts: Facts, check: str) -> str:
    """How composition stops telling the label by itself."""
    came = facts.came
    if not ANSWERS[facts.task].yes_or_no or came is None or (came.form != "positives" and not came.negatives):
        return "look at what the network adds to the simple predictors, or bring examples of like composition"
    if came.negatives == "file":
        return "--negatives shuffle in place of the file, or a file of negatives with the positives' composition"
    if came.negatives == "flanks" or (came.negatives == "shuffle" and came.genome):
        return "--negatives gc"
    if came.negatives == "gc" and check == "dinucleotides":
        return "--negatives shuffle, which keeps how often each pair of bases comes"
    return "look at what the network adds to the simple predictors"


def one_label(facts: Facts) -> str:
    """How sequences that stand several times with different labels come to have one."""
    if ANSWERS[facts.task].yes_or_no or ANSWERS[facts.task].joint:
        return "keep one label for each sequence, or leave those out"
    return "average the repeats before importing, or leave them out"


def far_out(facts: Facts) -> str:
    """How a few labels stop ruling squared errors."""
    if facts.came is None or facts.came.form in ("table", "fasta"):
        return "--transform rank"
    if facts.came.form == "bed":
        return "--bigwig-transform log1p where the label is a bigWig's; else cap these values in the file"
    return "cap these values in the file"


def covariate(facts: Facts, name: str) -> str:
    """How a covariate is left out."""
    option = "--bigwig-covariate" if facts.came is not None and facts.came.form == "bed" else "--covariate"
    return f"leave {option} {name} out"
