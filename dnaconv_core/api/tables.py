"""What the functions of `dc` return: named arrays, a table (`to_frame`), a picture in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.results import Metric, Skipped
from dnaconv_core.sequence.encoding import LETTERS

if TYPE_CHECKING:
    import pandas as pd

    from dnaconv_core.design.design import Design
    from dnaconv_core.interpret.attribution import Attribution
    from dnaconv_core.interpret.discovery import Discovery
    from dnaconv_core.interpret.filters import FilterScan
    from dnaconv_core.interpret.match import Match
    from dnaconv_core.scan.scan import Scan
    from dnaconv_core.sequence.motif import Motif
    from dnaconv_core.variants.effects import VariantEffect

_SHOWN, _LOGOS = 20, 5  # rows of a table and logos that a notebook shows


class Table(ABC):
    """A result that is a table too."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """All of it, a row for each item."""

    def _repr_html_(self) -> str:
        return _drawn(self.to_frame())


def _drawn(frame: pd.DataFrame, logos: Sequence[str] = ()) -> str:
    """The first rows as HTML, each with its logo (SVG) where there are some, and how many rows there are."""
    shown = frame.head(_SHOWN).map(lambda value: escape(value) if isinstance(value, str) else value)
    if logos:
        shown.insert(1, "logo", list(logos))
    numbered = shown.index.name is None
    table = shown.to_html(escape=False, index=not numbered, float_format="{:.4g}".format, na_rep="")
    return f"{table}<p>{_SHOWN} of {len(frame):,} rows</p>" if len(frame) > _SHOWN else str(table)


def _motif_logos(motifs: Sequence[Motif], alphabet: str) -> list[str]:
    """SVG logos in bits, small enough for rows of a table."""
    from dnaconv_core.plot.logo import logo_svg
    from dnaconv_core.sequence.motif import to_icm

    return [logo_svg(to_icm(m.ppm), alphabet=alphabet, column=11.0, height=72.0) for m in motifs[:_SHOWN]]


@dataclass(frozen=True, eq=False)
class Evaluated(Table):
    """How well a model predicts N labelled examples."""

    metrics: dict[str, Metric]  # each with its 95 % interval, by name
    y: np.ndarray = field(repr=False)  # (N, T)
    prediction: np.ndarray = field(repr=False)  # (N, T)

    def __getitem__(self, name: str) -> Metric:
        return self.metrics[name]

    def to_frame(self) -> pd.DataFrame:
        """A row for each metric: value, low and high of its interval, and a note."""
        import pandas as pd

        rows = [(m.value, m.low, m.high, m.undefined or m.note or "") for m in self.metrics.values()]
        return pd.DataFrame(rows, index=pd.Index(self.metrics, name="metric"), columns=["value", "low", "high", "note"])


@dataclass(frozen=True, eq=False)
class Attributed(Table):
    """The contribution of each base of N sequences to what a model says."""

    data: Dataset = field(repr=False)
    found: Attribution = field(repr=False)
    note: str = ""  # why the scores are to be read with care, where there is a reason

    @property
    def scores(self) -> np.ndarray:
        """`(N, L)`: the score of the observed base."""
        return np.asarray((self.found.values * self.data.X).sum(axis=1))

    def to_frame(self) -> pd.DataFrame:
        """A row for each base: id, position from 1, base, score."""
        return _by_base(self.data, score=self.scores)

    def _repr_html_(self) -> str:
        from dnaconv_core.plot.logo import logo_svg

        look: dict[str, Any] = {"kind": "contribution", "alphabet": self.data.alphabet, "column": 12.0}
        values = (self.found.values * self.data.X)[:_LOGOS]
        logos = [logo_svg(v, title=str(name), **look) for v, name in zip(values, self.data.ids, strict=False)]
        return "".join([*logos, f"<p>{escape(self.note, quote=False)}</p>" if self.note else ""])


@dataclass(frozen=True, eq=False)
class Mutated(Table):
    """What every single substitution in N sequences does to the logit."""

    data: Dataset = field(repr=False)
    change: np.ndarray = field(repr=False)  # (N, 4, L), alt − ref; 0 at the base that is there

    def to_frame(self) -> pd.DataFrame:
        """A row for each base, and a column of changes for each letter that it could be."""
        letters = LETTERS[self.data.alphabet]
        return _by_base(self.data, **{letter: self.change[:, place] for place, letter in enumerate(letters)})


def _by_base(data: Dataset, **columns: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    n, length = len(data), data.length
    rows = {
        "id": np.repeat(data.ids, length),
        "position": np.tile(np.arange(1, length + 1), n),
        "base": list("".join(data.sequences())),
    }
    return pd.DataFrame(rows | {name: values.ravel() for name, values in columns.items()})


@dataclass(frozen=True, eq=False)
class Filters(Table):
    """What the filters of one layer look for; first those that tell the classes apart most."""

    scan: FilterScan = field(repr=False)
    order: np.ndarray = field(repr=False)  # (F,) numbers of filters, as they are listed
    alphabet: str = "DNA"
    matches: Sequence[Sequence[Match]] = field(default=(), repr=False)  # names, by the filter's number

    @property
    def motifs(self) -> list[Motif]:
        """In the order of the table."""
        return [self.scan.motifs[i].motif for i in self.order]

    def to_frame(self) -> pd.DataFrame:
        """A row for each filter: its number from 1, consensus, sites, bits, highest activation, name, note."""
        import pandas as pd

        found = [self.scan.motifs[i] for i in self.order]
        return pd.DataFrame(
            {
                "filter": [f.index + 1 for f in found],
                "consensus": [_spelled(f.consensus, self.alphabet) for f in found],
                "sites": [f.n_sites for f in found],
                "bits": [f.information_bits for f in found],
                "max_activation": [f.max_activation for f in found],
                "name": [_name(self.matches[f.index]) if self.matches else "" for f in found],
                "note": [f.note for f in found],
            }
        )

    def _repr_html_(self) -> str:
        return _drawn(self.to_frame(), _motif_logos(self.motifs, self.alphabet))


@dataclass(frozen=True, eq=False)
class Motifs(Table):
    """Patterns in the bases that speak for the positive class, or for high values."""

    found: Discovery = field(repr=False)
    alphabet: str = "DNA"
    matches: Sequence[Sequence[Match]] = field(default=(), repr=False)

    @property
    def motifs(self) -> list[Motif]:
        return [pattern.motif for pattern in self.found.patterns]

    def to_frame(self) -> pd.DataFrame:
        """A row for each pattern: consensus, seqlets, shares of positives and negatives that hold it, name."""
        import pandas as pd

        patterns = self.found.patterns
        return pd.DataFrame(
            {
                "consensus": [_spelled(p.consensus, self.alphabet) for p in patterns],
                "seqlets": [p.n_seqlets for p in patterns],
                "share_positives": [p.share_positives for p in patterns],
                "share_negatives": [p.share_negatives for p in patterns],
                "odds_ratio": [p.odds_ratio for p in patterns],
                "p_fisher": [p.p_fisher for p in patterns],
                "name": [_name(found) for found in self.matches] or [""] * len(patterns),
            }
        )

    def _repr_html_(self) -> str:
        return _drawn(self.to_frame(), _motif_logos(self.motifs, self.alphabet))


def _spelled(word: str, alphabet: str) -> str:
    return word.replace("T", "U") if alphabet == "RNA" else word


def _name(matches: Sequence[Match]) -> str:
    return matches[0].name if matches and matches[0].significant else ""


@dataclass(frozen=True, eq=False)
class Scanned(Table):
    """Scores of every window of one sequence."""

    scan: Scan = field(repr=False)

    @property
    def scores(self) -> np.ndarray:
        """`(strands, windows, T)`, NaN where a window has unknown bases."""
        return self.scan.scores

    def to_frame(self) -> pd.DataFrame:
        """A row for each window on each strand: name, start, end (0-based, half-open), strand, a column per output."""
        import pandas as pd

        strands, n, outputs = self.scores.shape
        start = np.tile(np.arange(n) + self.scan.start, strands)
        rows = {"name": self.scan.name, "start": start, "end": start + self.scan.window}
        rows["strand"] = np.repeat(list(self.scan.strands), n)
        names = ["score"] if outputs == 1 else [f"score_{number}" for number in range(outputs)]
        return pd.DataFrame(rows | {name: self.scores[:, :, t].ravel() for t, name in enumerate(names)})


@dataclass(frozen=True, eq=False)
class Variants(Table):
    """Effects of every alternative allele, in order."""

    effects: list[VariantEffect] = field(repr=False)
    skipped: tuple[Skipped, ...] = ()  # lines of the file that are no variants

    def to_frame(self) -> pd.DataFrame:
        """A row for each allele: chrom, pos (from 1), ref, alt, effects (ALT − REF) and what became of it."""
        import pandas as pd

        columns = ["chrom", "pos", "ref", "alt", "effect_logit", "effect_prediction", "best_effect_logit", "status"]
        rows = [
            (*e.variant[:2], e.variant.ref, e.alt, e.effect_logit, e.effect_prediction, e.best_effect_logit, e.status)
            for e in self.effects
        ]
        return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, eq=False)
class Designed(Table):
    """Designed sequences, best first."""

    designs: list[Design] = field(repr=False)
    skipped: tuple[Skipped, ...] = ()  # starts that could not be brought within the rules

    def to_frame(self) -> pd.DataFrame:
        """A row for each design: sequence, its score and its start's, edits, GC, SD of members, a judge's scores."""
        import pandas as pd

        columns = ["id", "sequence", "score", "start_score", "edits", "gc", "spread", "judge", "start_judge"]
        rows = []
        for one in self.designs:
            before, after = one.judge or (None, None)
            edits = " ".join(map(str, one.edits))
            rows.append((one.id, one.sequence, one.scores[-1], one.scores[0], edits, one.gc, one.spread, after, before))
        return pd.DataFrame(rows, columns=columns)
