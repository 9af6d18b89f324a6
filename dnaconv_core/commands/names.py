"""The commands by the file that has them, with their line in the help, so that help needs none of the files."""

from __future__ import annotations

COMMANDS: dict[str, dict[str, str]] = {  # files of this folder, in the order of the help
    "data": {
        "experiments": "list the experiments, their presets and their questions",
        "data": "fetch, describe or convert data; experiments of your own",
    },
    "models": {
        "train": "train a network and keep it as a run",
        "evaluate": "measure a model on labelled data",
    },
    "predict": {
        "predict": "scores of sequences, and what they mean",
    },
    "search": {
        "search": "try networks around what auto chooses, and say whether the best is better; the same command goes on "
        "with it",
    },
    "filters": {
        "filters": "what each filter looks for, its name, and if it matters",
    },
    "explain": {
        "attribute": "which bases made the model say this",
        "ism": "what every single substitution does",
    },
    "motifs": {
        "motifs": "the motifs a model uses over a dataset",
        "hits": "where a motif is in sequences, as FIMO finds it",
    },
    "bench": {
        "bench": "put a motif into background sequences",
    },
    "report": {
        "report": "one HTML file with a model's interpretation, opens offline",
    },
    "scan": {
        "scan": "score every window of long sequences, on both strands",
    },
    "variants": {
        "variants": "score variants of a VCF: alternative minus reference allele",
    },
    "sirna": {
        "sirna": "design siRNAs: score the guide of every 21-base site of an mRNA",
    },
    "design": {
        "design": "make sequences that the model scores high, or low",
    },
    "pretrained": {
        "pretrained": "list, rebuild or measure the models that ship",
    },
    "runs": {
        "runs": "list runs and act on them",
    },
    "app": {
        "app": "open the dashboard (in a checkout also: streamlit run app)",
    },
}
