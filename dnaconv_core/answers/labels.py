"""What every metric is called, whether more of it is better, and what it says, in one line."""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    """How a metric is shown: its name, whether more is better, and one line of explanation."""

    name: str
    higher_is_better: bool
    explanation: str


LABELS = {
    "auroc": Label("ROC-AUC", True, "chance that a random positive scores above a random negative; 0.5 is guessing"),
    "auprc": Label("PR-AUC", True, "average precision over all recalls; guessing gives the prevalence"),
    "prevalence": Label("Prevalence", True, "share of positives among the examples; a fact of the data, not a score"),
    "brier": Label("Brier score", False, "mean squared distance between the predicted probability and the class"),
    "accuracy": Label("Accuracy", True, "share of right calls; high without skill where one class is rare"),
    "precision": Label("Precision", True, "share of positive calls that are right"),
    "recall": Label("Recall", True, "share of the positives that are called"),
    "f1": Label("F1", True, "harmonic mean of precision and recall"),
    "mcc": Label("Matthews correlation", True, "correlation between calls and classes; 0 is guessing, 1 is perfect"),
    "macro_auroc": Label("Macro ROC-AUC", True, "mean over the classes of each against all others; 0.5 is guessing"),
    "log_loss": Label("Log loss", False, "mean −log of the probability given to the right class; 0 is perfect"),
    "pearson_r": Label("Pearson r", True, "how straight a line predictions and measurements lie on; 0 is none"),
    "spearman_rho": Label("Spearman ρ", True, "how well the predictions rank the measurements; 0 is guessing"),
    "r2": Label("R²", True, "share of the variance explained; 0 is always predicting the mean, below 0 is worse"),
    "rmse": Label("RMSE", False, "typical error in the label's unit, large errors counting more"),
    "mae": Label("Mean absolute error", False, "average size of the error in the label's unit"),
}
