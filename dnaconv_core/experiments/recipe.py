"""How an experiment was made from files: enough to make it again, byte for byte."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core import __version__
from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.errors import ConfigError, DataError, InputError
from dnaconv_core.storing import check_file

ROLES = {  # of an input file: whether there may be several
    "table": False, "positives": False, "negatives": False, "test_positives": False, "test_negatives": False,
    "fasta": False, "class": True, "bed": False, "genome": False, "blacklist": False, "bigwig_covariate": True,
    "bigwig_label": False, "dataset": False, "valid": False, "test": False,
}  # fmt: skip
FORMS = ("table", "positives", "fasta", "class", "bed", "dataset")  # roles of which exactly one form is needed
_GO_WITH = {  # roles that one form alone reads
    "negatives": "positives", "test_positives": "positives", "test_negatives": "positives", "valid": "dataset",
    "test": "dataset",
}  # fmt: skip
NEGATIVES = ("", "gc", "shuffle", "flanks")
LENGTHS = ("auto", "equal", "crop", "pad")
NO_COLUMN = "-"  # in place of a column that was guessed and is not wanted
SIGNALS = ("mean", "log1p")
_BLOCK = 1 << 20
_MOST_BYTES = 1 << 20  # of a recipe.json


class Input(NamedTuple):
    """A file that went in."""

    role: str  # a key of ROLES
    path: str  # absolute
    name: str = ""  # of a class or a covariate
    sha256: str = ""  # filled in when it is read


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out. Checked when made: raises ConfigError naming what cannot be."""

    key: str
    inputs: tuple[Input, ...]
    title: str = ""  # left out: from the key
    question: str = ""  # left out: from the label
    label: str = ""  # what y is; left out: the column's name
    unit: str = ""
    note: str = ""
    assembly: str = ""
    alphabet: str = ""  # 'DNA' or 'RNA'; left out: as the letters tell
    strand: str = ""  # 'both' or 'one'; left out: 'both' for DNA
    task: str = ""  # kind of answer; left out: as the labels tell
    class_names: tuple[str, ...] = ()  # what no and yes mean
    sequence: str = ""  # columns of a table; left out: as guessed; '-' for none
    id: str = ""
    weight: str = ""
    covariates: tuple[str, ...] = ()
    part: str = ""  # a column that says train, valid or test
    labels: LabelRecipe = field(default_factory=LabelRecipe)
    label_pattern: str = ""  # where labels stand in FASTA headers
    width: int = -1  # of windows around intervals; 0: the intervals themselves; -1: as their lengths tell
    centre: str = "summit"
    overlaps: str = "keep"
    signal: str = "mean"  # how a bigWig becomes a label
    lengths: str = "auto"
    length: int = 0  # to crop or pad to; 0: as the data tell
    negatives: str = ""  # made where there are none
    ratio: float = 1.0  # negatives for each positive
    split: dict[str, Any] = field(default_factory=dict)  # how parts are made; {}: the safest that the data allow
    seed: int = 0
    version: str = __version__

    def __post_init__(self) -> None:
        for name, choices in {
            "alphabet": ("", "DNA", "RNA"), "strand": ("", "both", "one"), "negatives": NEGATIVES, "lengths": LENGTHS,
            "signal": SIGNALS,
        }.items():  # fmt: skip
            if getattr(self, name) not in choices:
                raise ConfigError(f"{name} is {getattr(self, name)!r}: choose {' or '.join(map(repr, choices))}")
        for name, low, high in (
            ("width", -1, 100_000),
            ("length", 0, 100_000),
            ("ratio", 0.01, 100),
            ("seed", 0, 2**31),
        ):
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"{name} is {getattr(self, name)}: it must be {low} to {high:,}")
        if self.class_names and len(self.class_names) != 2:
            raise ConfigError(f"class_names are {len(self.class_names)} words: give two, for no and for yes")
        self._check_inputs()

    def _check_inputs(self) -> None:
        roles = [one.role for one in self.inputs]
        for role in roles:
            if role not in ROLES:
                raise ConfigError(f"an input is {role!r}: it must be one of {', '.join(ROLES)}")
            if roles.count(role) > 1 and not ROLES[role]:
                raise InputError(f"there are {roles.count(role)} inputs of {role}: give one")
        named = [(one.role, one.name) for one in self.inputs]
        for role, name in named:
            if ROLES[role] and named.count((role, name)) > 1:
                raise InputError(f"two inputs of {role} are called {name[:60]!r}: give each a name of its own")
        forms = [role for role in FORMS if role in roles]
        if len(forms) != 1:
            given = f"{' and '.join(forms)} were given" if forms else "nothing was given"
            raise InputError(f"{given}: give one of a table, positives, fasta, classes, bed or a dataset")
        for role in roles:
            if _GO_WITH.get(role, forms[0]) != forms[0]:
                out = "have negatives made (gc, shuffle, flanks)" if role == "negatives" else "leave them out"
                raise InputError(f"{role} are read beside {_GO_WITH[role]}, not beside {forms[0]}: {out}")
        if "bed" in roles and "genome" not in roles:
            raise InputError("intervals have no letters of their own: give the genome they lie on with --genome")
        if self.negatives in ("gc", "flanks") and "genome" not in roles:
            raise InputError(f"negatives {self.negatives!r} are cut out of a genome: give it with --genome")
        if self.negatives and "negatives" in roles:
            raise InputError("negatives were given as a file and are to be made, too: leave one of them out")

    def path(self, role: str) -> Path | None:
        """The file of this role, or None."""
        return next((Path(one.path) for one in self.inputs if one.role == role), None)

    def file(self, role: str) -> Path:
        """The file of this role. Raises InputError where there is none."""
        found = self.path(role)
        if found is None:
            raise InputError(f"no file is given for {role!r}: name one")
        return found

    def named(self, role: str) -> dict[str, Path]:
        """The files of a role that may come several times, by name."""
        return {one.name: Path(one.path) for one in self.inputs if one.role == role}

    def to_json(self) -> dict[str, Any]:
        stored = {spec.name: getattr(self, spec.name) for spec in dataclasses.fields(self)}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in stored.items()}
        return plain | {"inputs": [one._asdict() for one in self.inputs], "labels": self.labels.to_json()}

    @classmethod
    def from_json(cls, stored: Any) -> Recipe:
        """What `to_json` described. Raises ConfigError naming the first key or value that cannot be."""
        if not isinstance(stored, dict):
            raise ConfigError("it is no JSON object")
        specs = {spec.name: spec for spec in dataclasses.fields(cls)}
        for name, value in stored.items():
            if name not in specs:
                raise ConfigError(f"unknown key {name[:60]!r}: a recipe has {', '.join(specs)}")
            kind = _KINDS.get(str(specs[name].type).partition("[")[0], (dict,))
            if isinstance(value, bool) or not isinstance(value, kind):
                raise ConfigError(f"{name} is {str(value)[:60]!r}, which is no {kind[0].__name__}")
        for name, spec in specs.items():
            if name not in stored and spec.default is spec.default_factory is dataclasses.MISSING:
                raise ConfigError(f"it has no {name}")
        try:
            inputs = tuple(Input(**{k: str(v) for k, v in one.items()}) for one in stored["inputs"])
            labels = LabelRecipe.from_json(stored.get("labels", {}))
        except (KeyError, TypeError, AttributeError, ValueError):
            raise ConfigError("its inputs or labels are not described as they should be") from None
        lists = {name: tuple(map(str, stored[name])) for name in ("class_names", "covariates") if name in stored}
        return cls(**{**stored, **lists, "inputs": inputs, "labels": labels})


_KINDS = {"str": (str,), "int": (int,), "float": (float, int), "tuple": (list,), "dict": (dict,)}


def read_recipe(file: Path) -> Recipe:
    """The recipe in a file. Raises DataError that names it and what is wrong."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError(file)
        stored = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{file} is missing: the experiment cannot be made again without it") from None
    except (OSError, ValueError, RecursionError):
        raise DataError(f"{file} is not readable JSON: import the data anew") from None
    try:
        return Recipe.from_json(stored)
    except ConfigError as error:
        raise DataError(f"{file} is no recipe that can be followed: {error}") from None


def hashed(recipe: Recipe, said: Callable[[float, str], None]) -> Recipe:
    """The recipe with the sha256 of every input. Raises DataError for one that is gone, or that changed meanwhile."""
    found: list[Input] = []
    for number, one in enumerate(recipe.inputs):
        path = Path(one.path)
        said(number / len(recipe.inputs), f"checking {path.name}")
        check_file(path)
        digest = _sha256(path)
        if one.sha256 and digest != one.sha256:
            raise DataError(f"{path} is not the file that {recipe.key} was made from: bring the old one back")
        for other in found:
            if other.sha256 == digest:
                raise DataError(f"{path} was given as {other.role} and as {one.role}, or a copy of it: one is wrong")
        found.append(one._replace(sha256=digest))
    return dataclasses.replace(recipe, inputs=tuple(found))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            with file.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist: check the name") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None
    return digest.hexdigest()
