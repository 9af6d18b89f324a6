"""`dnaconv sirna`: guides for the sites of an mRNA."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import Any

from dnaconv_core.commands.base import MODEL_HELP, Answer, open_model, skipped_json, tell
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Bar


def add(groups: Any, command: Any) -> None:
    designing = command(groups, "sirna", sirna, "design siRNAs: score the guide of every 21-base site of an mRNA")
    designing.add_argument("--fasta", required=True, metavar="FILE", help="one mRNA or more, plain or gzip")
    designing.add_argument("--model", default="rnai_huesken", metavar="MODEL", help=MODEL_HELP)
    designing.add_argument("--transcriptome", default="", metavar="FILE", help="FASTA in which matches are counted")
    designing.add_argument("--cds", default="", metavar="FIRST-LAST", help="coding region, from 1; else longest ORF")
    designing.add_argument("--dtdt", action="store_true", help="oligos end in dTdT instead of the mRNA's bases")
    designing.add_argument("--apart", action="store_true", help="leave out sites that overlap a better one")
    designing.add_argument("--show", type=int, default=20, metavar="N", help="sites to print (default 20)")
    designing.add_argument("--out", default="", metavar="FILE.csv", help="write all sites and oligos there")


def sirna(options: Namespace) -> Answer:
    from dnaconv_core.data.fasta import read_sequences, told_apart
    from dnaconv_core.data.references import TRANSCRIPTOMES, reference
    from dnaconv_core.sirna.design import GUESSED, NOT_SEARCHED, apart, as_json, design, sites_csv
    from dnaconv_core.sirna.offtargets import LENGTH
    from dnaconv_core.wholefile import WholeFile

    given = read_sequences(options.fasta, "RNA", masked=True)
    given, notes = told_apart(given, options.fasta, least=LENGTH, what="a target site")
    tell(notes)
    cds = _cds(options.cds)
    transcriptome = reference(TRANSCRIPTOMES, options.transcriptome) if options.transcriptome else None
    result = design(open_model(options), given.records, cds=cds, transcriptome=transcriptome, progress=Bar())
    ranked = apart(result.sites) if options.apart else result.sites
    how = GUESSED if result.guessed else "given"
    regions = {name: {"start": low, "end": high, "how": how} for name, (low, high) in result.cds.items()}
    sites = [as_json(site, rank, dtdt=options.dtdt) for rank, site in enumerate(ranked, 1)]
    if options.out:
        with WholeFile(options.out) as whole:
            whole.file.write(sites_csv(ranked, dtdt=options.dtdt))
    missing = f"; {result.n_missing:,} with unknown bases left out" if result.n_missing else ""
    lines = [f"{len(sites):,} sites, best first{missing}"]
    lines += [result.margin.words()] if result.margin else []
    lines += [f"coding region of {name}: {low + 1}-{high}, {how}" for name, (low, high) in result.cds.items()]
    lines += [] if options.transcriptome else [f"off-targets: {NOT_SEARCHED} (give --transcriptome)"]
    for site in ranked[: options.show]:
        kept = sum(site.rules.values())
        line = f"  {site.id} {site.start + 1:>6}  {site.guide}  {site.prediction:.3f}  GC {site.gc:.0%}"
        line += f"  ΔΔG {site.asymmetry:+.1f}  rules {kept}/{len(site.rules)}"
        if site.off_target is not None:
            other = site.off_target
            line += f"  matches {other.exact} + {other.one_mismatch}, seed {other.seed_sites:,}"
            line += "" if other.utr_sites is None else f" ({other.utr_sites:,} in 3' UTRs)"
        lines.append(line)
    lines += [f"written to {options.out}"] if options.out else []
    margin = result.margin._asdict() if result.margin else None
    return Answer({"cds": regions, "interval": margin, "sites": sites, **skipped_json(given.skipped)}, "\n".join(lines))


def _cds(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text, re.ASCII)
    if not found:
        raise InputError(f"--cds is {text!r}: write START-END, the first and last base, from 1, such as 251-1450")
    return int(found[1]) - 1, int(found[2])
