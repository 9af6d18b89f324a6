"""Score every window of a long sequence and call peaks."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from components.chart import chart
from components.sequence import Row, marks_of, sequences
from components.sequences_in import covariate_inputs, pasted_or_file
from dnaconv_core.data.genome import Contig, Genome, RecordContig
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import Reference, read_reference, scanned_negatives
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.progress import Progress
from dnaconv_core.scan.scan import EDGES, Chunk, Scan, plan_scan, scan
from dnaconv_core.scan.tracks import Peak, call_peaks, threshold_at, write_bed, write_bedgraph, write_bigwig
from frame import state
from frame.cache import bundle, changed
from frame.job import background
from frame.models import selected
from frame.page import errors_shown, header, no_model_yet, plain
from frame.pages import SALIENCY
from use import figures

_MOST = 20_000_000  # bases on a page; the command line takes chromosomes
_LETTERS, _GENOME = "Sequence", "Genome and region"
_RATES = (0.1, 0.05, 0.01, 0.005, 0.001)
_PEAKS = 1000
_NAMED = 5  # sequences that are too short, told by name
_LINE = "Where in a long sequence the model sees what it learned, on both strands."


class _Target(NamedTuple):
    contig: Contig
    start: int
    end: int
    key: tuple  # what decides the scores


def page() -> None:
    experiment = state.experiment()
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Scan", _LINE)
            no_model_yet(choice)
            return
        model = bundle(choice.path)
        header("Scan", f"{_LINE} Model: **{plain(choice.name)}**, windows of {model.config.length} bases.")
        with st.container(border=True):
            targets = _asked(experiment, model)
        with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
            edges = _edges(model)
            covariates = covariate_inputs(model.config, "scan")
            reference = read_reference(choice.path)
            rate, threshold = _cut(model, reference)
        if not targets:
            st.info("Paste a sequence above, or choose the example.", icon=":material/arrow_upward:")
            return
        _check(targets)
        total = sum(target.end - target.start for target in targets)
        if total > _MOST:
            raise InputError(
                f"these are {total:,} bases and this page takes {_MOST:,}: choose a region, or use 'dnaconv scan'"
            )
        wanted = tuple(target.key for target in targets)
        asked = ("scan", str(choice.path), changed(choice.path), edges, covariates, wanted)
        found = background(asked, lambda progress: _scan_all(model, targets, edges, covariates, progress))
        if found is not None:
            if rate is not None:
                threshold = threshold_at(_negatives(str(choice.path), changed(choice.path)), rate)
            beside = state.beside(model.config.covariates, covariates)
            _too_short(targets, model.config.length)
            _shown(experiment, model, targets, found, threshold, rate, beside)


def _asked(experiment: Experiment, model: Bundle) -> list[_Target]:
    kind = st.segmented_control(
        "From", [_LETTERS, _GENOME], default=_LETTERS, required=True, key="scan_from", label_visibility="collapsed"
    )
    if kind == _LETTERS:
        records = pasted_or_file(
            "scan", {"Example": _example(experiment, model)}, model.config.alphabet, what="Sequence to scan"
        )
        return [_Target(RecordContig(r), 0, len(r.sequence), (r.id, r.sequence)) for r in records]
    left, right = st.columns([2, 1])
    path = left.text_input(
        "Genome",
        key="scan_genome",
        placeholder="/data/hg19.fa",
        help="A FASTA file on the machine that runs this page.",
    )
    region = right.text_input(
        "Region",
        key="scan_region",
        placeholder="chr22:20208963-20218963",
        help="From 0, end not included; or a contig's name alone.",
    )
    if not path or not region:
        return []
    with st.spinner("Reading the genome's index…"):
        genome = Genome(Path(path).expanduser())
    contig, locus = genome.region(region)
    changed = Path(path).expanduser().stat().st_mtime
    return [_Target(contig, locus.start, locus.end, (path, changed, *locus))]


@st.cache_data(show_spinner=False)
def _example_of(alphabet: str, sites: tuple[str, ...], length: int) -> str:
    """A random sequence with the experiment's own examples set into it, and an unknown stretch."""
    rng = np.random.default_rng(4)
    letters = np.array(list("ACGU" if alphabet == "RNA" else "ACGT"))
    text = "".join(letters[rng.integers(0, 4, length)])
    for number, site in enumerate(sites):
        at = (number + 1) * length // (len(sites) + 1)
        text = text[:at] + site + text[at + len(site) :]
    gap = int(0.06 * length)
    return text[: length - gap] + "N" * (gap // 2) + text[length - gap + gap // 2 :]


def _example(experiment: Experiment, model: Bundle) -> str:
    return _example_of(model.config.alphabet, tuple(example.sequence for example in experiment.examples), 6000)


def _edges(model: Bundle) -> str:
    if plan_scan(model.model, edges="context").edges == "exact":
        return "exact"  # nothing to choose
    return st.segmented_control(
        "Window ends",
        list(EDGES),
        default="exact",
        required=True,
        key="scan_edges",
        bind="query-params",
        help="; ".join(f"'{name}': {words}" for name, words in EDGES.items()) + ".",
    )


def _cut(model: Bundle, reference: Reference | None) -> tuple[float | None, float]:
    """The false-positive rate that chooses the threshold, or the threshold itself."""
    if model.config.answer.yes_or_no and reference is not None and len(reference.negatives):
        there = [rate for rate in _RATES if rate * len(reference.negatives) >= 1]
        rate = st.segmented_control(
            "Peaks: share of validation negatives above",
            there,
            format_func=lambda value: f"{value:.1%}",
            default=0.01 if 0.01 in there else there[-1],
            required=True,
            key="scan_rate",
            help="The threshold is the lowest one that at most this share of the validation negatives reaches.",
        )
        return rate, 0.5
    default = 0.5 if model.config.answer.yes_or_no else 1.0
    return None, st.number_input("Peaks from", value=default, step=0.05, key="scan_threshold", width=160)


@st.cache_data(show_spinner="Reading the validation negatives on both strands…", max_entries=6)
def _negatives(path: str, version: float) -> np.ndarray:
    folder = Path(path)
    return scanned_negatives(bundle(folder).model, read_reference(folder))


def _check(targets: list[_Target]) -> None:
    """Raises InputError where two sequences have one name: peaks and files could not tell them apart."""
    seen: set[str] = set()
    for target in targets:
        if target.contig.name in seen:
            raise InputError(f"the sequence {target.contig.name!r} comes twice: give each its own name")
        seen.add(target.contig.name)


def _too_short(targets: list[_Target], window: int) -> None:
    short = [target.contig.name for target in targets if target.end - target.start < window]
    if short:
        named = plain(", ".join(short[:_NAMED])) + (f" and {len(short) - _NAMED:,} more" if len(short) > _NAMED else "")
        st.caption(f"Not scanned, because shorter than the {window} bases of a window: {named}.")


def _scan_all(
    model: Bundle, targets: list[_Target], edges: str, covariates: tuple[float, ...], progress: Progress
) -> list[Scan]:
    found = []
    for contig, start, end, _ in targets:
        if end - start >= model.config.length and not progress.should_stop():
            given = np.float32(covariates) if covariates else None
            found.append(scan(model.model, contig, (start, end), edges=edges, covariates=given, progress=progress))
    if not found:
        raise InputError(
            f"no sequence is as long as a window: this model reads {model.config.length} bases, give a longer one"
        )
    return found


def _shown(
    experiment: Experiment,
    model: Bundle,
    targets: list[_Target],
    found: list[Scan],
    cut: float,
    rate: float | None,
    beside: dict[str, str],
) -> None:
    peaks = [call_peaks(one.scores, cut, window=one.window, strands=one.strands, start=one.start) for one in found]
    one = found[number := _which(found, peaks)]
    plan = plan_scan(model.model, edges=one.plan.edges)
    chosen = None if rate is None else f"At most {rate:.1%} of the validation negatives reach it."
    unknown = "Not scored: N or other ambiguous codes in them."
    with st.container(horizontal=True):
        st.metric("Windows scored", f"{one.n_scored:,}", help=f"{plan.method} scan. {plan.note}", width="content")
        st.metric("With unknown bases", f"{one.n_missing:,}", help=unknown, width="content")
        st.metric("Peaks", f"{len(peaks[number]):,}", width="content")
        st.metric("Threshold", f"{cut:.3f}", help=chosen, width="content")
    picked = None
    with st.container(border=True):
        words = "at each window's middle base; drag to zoom, double-click to see all"
        if one.plan.edges == "context":
            words += ". Windows saw the bases around them"
        st.caption(f"Prediction {words}.")
        figure = figures.track(one, peaks[number], cut, unit="probability" if rate else "prediction")
        clicked = chart(figure, key="scan_track", height=260, revision=f"{one.name}{one.start}", clickable=True)
        if clicked and peaks[number]:
            at = clicked["data"] if isinstance(clicked["data"], int) else None
            if at is not None:
                picked = min(peaks[number], key=lambda peak: abs(peak.start + one.window // 2 - at))
    _peaks(experiment, targets, one, peaks[number], picked, beside)
    _files(targets, found, peaks)


def _which(found: list[Scan], peaks: list[list[Peak]]) -> int:
    """The number of the sequence to look at: the same one when another threshold changes the labels."""
    if len(found) == 1:
        return 0
    words = [f"{one.name} · {len(some):,} peak{'s' * (len(some) != 1)}" for one, some in zip(found, peaks, strict=True)]
    names = [one.name for one in found]
    last = st.session_state.get("_scan_which", "")
    number = st.selectbox(
        "Sequence",
        range(len(found)),
        names.index(last) if last in names else 0,
        format_func=words.__getitem__,
        key=f"scan_which_{hash(tuple(words))}",  # other labels: another box, or it would show an old one
    )
    st.session_state["_scan_which"] = names[number]
    return number


def _peaks(
    experiment: Experiment, targets: list[_Target], one: Scan, peaks: list[Peak], picked: Peak | None, beside: dict
) -> None:
    if not peaks:
        st.caption("No window reaches the threshold.")
        return
    order = sorted(peaks, key=lambda peak: -peak.score)[:_PEAKS]
    with st.container(border=True):
        st.markdown(
            "**Peaks**, best first",
            help="Windows that reach the threshold and overlap no better one. Choose one.",
        )
        event = st.dataframe(
            {
                "start": [peak.start for peak in order],
                "end": [peak.end for peak in order],
                "strand": [peak.strand for peak in order],
                "prediction": [peak.score for peak in order],
            },
            hide_index=True,
            height=min(38 + 35 * len(order), 250),
            on_select="rerun",
            selection_mode="single-row",
            key=f"scan_peaks_{one.name}",
            column_config={
                "start": st.column_config.NumberColumn(help="From 0."),
                "end": st.column_config.NumberColumn(help="Not included."),
                "strand": st.column_config.TextColumn(help="The higher one; a dot where the network reads both."),
                "prediction": st.column_config.NumberColumn(format="%.4f"),
            },
        )
        rows = event["selection"]["rows"]
        peak = order[rows[0]] if rows and rows[0] < len(order) else picked or order[0]
        contig = next(target.contig for target in targets if target.contig.name == one.name)
        text = contig.text(peak.start, peak.end)
        row = Row(
            text,
            f"{one.name}:{peak.start}-{peak.end}",
            f"{peak.score:.3f}",
            marks_of(experiment.motif, text),
        )
        sequences([row], key="scan_window", wrap=True, numbers=True)
        st.page_link(
            SALIENCY,
            label="Look at this window in Saliency",
            icon=":material/highlight:",
            query_params=state.link() | {"sequence": text} | beside,
        )


def _files(targets: list[_Target], found: list[Scan], peaks: list[list[Peak]]) -> None:
    lengths = {target.contig.name: target.contig.length for target in targets}

    def bed() -> bytes:
        out = io.StringIO()
        for one, called in zip(found, peaks, strict=True):
            write_bed(out, one.name, called)
        return out.getvalue().encode()

    def bedgraph() -> bytes:
        out = io.StringIO()
        out.write(f"# score of the window around each base, the higher strand; {found[0].plan.edges}\n")
        for one in found:
            write_bedgraph(out, one.name, Chunk(one.start, one.scores), window=one.window)
        return out.getvalue().encode()

    def bigwig() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            text, made = Path(folder) / "scan.bedgraph", Path(folder) / "scan.bw"
            text.write_bytes(bedgraph())
            write_bigwig(made, text, lengths)
            return made.read_bytes()

    with st.container(horizontal=True):
        for label, make, name in (
            ("Peaks (BED)", bed, "peaks.bed"),
            ("Scores (bedGraph)", bedgraph, "scores.bedgraph"),
            ("Scores (bigWig)", bigwig, "scores.bw"),
        ):
            st.download_button(label, make, name, icon=":material/download:", on_click="ignore", key=f"scan_{name}")


page()
