"""The trials of a search: networks that the sampler proposes, trained on one inner fold after the other.

What is judged is the mean over the folds of the training part; a trial that falls behind is stopped. Where a trial
stands is told to the pruner ten times in each fold, as its difference to `auto` on that fold: folds differ in how hard
they are.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.data.inner import INNER
from dnaconv_core.errors import ConfigError, TrainingError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.runs.search_desk import Desk, Stopped
from dnaconv_core.runs.search_record import AUTO, STUDY, Trial, folder_of
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import LIVE, Run
from dnaconv_core.train.search import MOST_COST, cost, neighbours, point, suggest

if TYPE_CHECKING:
    import optuna

_LOOKS = 10  # at each fold, by the pruner
_STARTUP, _WARM_UP = 4, 2  # whole trials, and looks, before any is pruned
_IN_A_ROW = 200  # proposals passed over before the search gives up
_FAILED = 6  # trials in a row that fail before it does
MOST_PAIRS, LEAST_PAIRS = 6, 3
_FOR_THE_END = 0.4  # share of the minutes kept for judging the winner, at most
_WHOLE = 2.0  # a run on the whole training part, with intervals and baselines, takes so many times one of a fold


def open_study(desk: Desk) -> optuna.Study:
    """The sampler's memory, with `auto` and its neighbours waiting in a new one."""
    import optuna
    from sqlalchemy import URL

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    search = desk.search
    url = URL.create("sqlite", database=str(folder_of(desk.store, search.name) / STUDY))
    storage = optuna.storages.RDBStorage(
        url.render_as_string(hide_password=False), engine_kwargs={"connect_args": {"timeout": 30}}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the sampler thinks of its own options
        study = optuna.create_study(
            storage=storage,
            study_name=search.name,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=_WARM_UP),
        )
        # A continued search must not draw again what it has drawn.
        study.sampler = optuna.samplers.TPESampler(seed=search.seed + len(study.trials))
    length = _length(search.run_spec)
    for place in [point(search.start, length), *neighbours(search.start, length)]:
        study.enqueue_trial(place, skip_if_exists=True)
    return study


def _length(spec: RunSpec) -> int:
    return get_experiment(spec.experiment).model_config(spec.preset, **spec.settings).length


class Trials:
    """Asks the sampler, has runs do what it proposes, and tells it what they reached."""

    def __init__(self, desk: Desk, study: optuna.Study) -> None:
        self.desk, self.search, self.study, self.base = desk, desk.search, study, desk.search.run_spec
        self.rows = {row.number: row for row in self.search.tried}
        self.live: list[optuna.Trial] = []

    def all(self) -> None:
        """Try networks until the budget is used up. Raises Stopped, or TrainingError where `auto` cannot be trained."""
        self._take_up()
        while True:
            self.live = [trial for trial in self.live if not self._over(trial)]
            late = self._late()
            if late and self._auto_scores():
                self._let_go("the time was up")
            while not late and self._room() and (trial := self._begin()) is not None:
                self.live.append(trial)
            if not self.live:
                return
            self._say()
            self.desk.wait()

    # --- the budget

    def _room(self) -> bool:
        """Whether another trial may begin now: `auto` comes first, and alone."""
        if self.search.trials and self.search.n_tried + len(self.live) >= self.search.trials:
            return False
        return not self.live or (len(self.live) < self.desk.width and bool(self._auto_scores()))

    def _late(self) -> bool:
        return bool(self.search.minutes) and self.desk.seconds + self._end() >= 60 * self.search.minutes

    def _end(self) -> float:
        """Seconds that judging the winner will take."""
        if not self._auto_scores():
            return 0.0
        one = self._pace(self.rows[AUTO]) + self._pace(self.search.best or self.rows[AUTO])
        end = (MOST_PAIRS + _WHOLE) * one / self.desk.width
        return min(end, _FOR_THE_END * 60 * self.search.minutes) if self.search.minutes else end

    def _pace(self, row: Trial) -> float:
        return row.seconds / max(len(row.scores), 1)

    def _say(self) -> None:
        """Which trial is on, the best so far, and the time left."""
        search, best = self.search, self.search.best
        label = LABELS[search.metric].name
        of = f" of {search.trials}" if search.trials else ""
        words = f"trial {search.n_tried + 1}{of}" + (f", best {label} so far {best.value:.4f}" if best else "")
        left = 60 * search.minutes - self.desk.seconds if search.minutes else None
        ended = [row.seconds for row in search.tried if row.state in ("finished", "pruned")]
        if search.trials and ended:
            still = (search.trials - search.n_tried) * sum(ended) / len(ended) / self.desk.width + self._end()
            left = still if left is None else min(left, still)
        if left is not None and left <= 0 and not self._auto_scores():
            words, left = f"{words}, past its time: without auto nothing can be compared", None
        self.desk.say(words, left)

    # --- one trial

    def _take_up(self) -> None:
        """Trials that were on when the search ended go on."""
        import optuna

        running = self.study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        for frozen in running:
            trial = optuna.Trial(self.study, frozen._trial_id)
            row = self.rows.get(trial.number)
            if row is not None and row.state != "running":  # it ended, but the sampler was not told
                self._end_trial(trial, row.state, row.words)
            elif (entered := self._entered(trial)) is not None:
                self.live.append(entered)

    def _begin(self) -> optuna.Trial | None:
        """The next proposal that can be trained; None where there is none."""
        for _ in range(_IN_A_ROW):
            if (trial := self._entered(self.study.ask())) is not None:
                return trial
        return None

    def _entered(self, trial: optuna.Trial) -> optuna.Trial | None:
        """The trial with a row in the record; None where it is passed over, which the sampler learns from."""
        length = _length(self.base)
        found = suggest(trial, self.search.start, length)
        changed = {name: value for name, value in found.items() if value != self.search.start[name]}
        row = self.rows.get(trial.number) or Trial(trial.number, dict(trial.params), changed)
        if trial.number == AUTO:
            row.params, row.settings = dict(trial.params), {}
        row.state = "running"
        if row.number not in self.rows:
            self.rows[row.number] = row
            self.search.tried.append(row)
        if problem := self._problem(row.settings):
            self._end_trial(trial, "skipped", words=problem)
            return None
        return trial

    def _problem(self, settings: dict[str, Any]) -> str:
        """Why a network is not worth its training, or cannot be."""
        experiment, base = get_experiment(self.base.experiment), self.base
        try:
            spec = replace(base, settings={**base.settings, **settings})
            config = experiment.model_config(spec.preset, **spec.settings)
        except ConfigError as error:
            return str(error)
        times = cost(config) / cost(experiment.model_config(base.preset, **base.settings))
        return f"{times:.0f} times the computing of auto" if times > MOST_COST else ""

    def _over(self, trial: optuna.Trial) -> bool:
        """Look at a trial's run; True when the trial has ended."""
        row = self.rows[trial.number]
        fold = len(row.scores)
        if fold == self.search.folds:
            self._end_trial(trial, "finished")
            return True
        key = f"trial {row.number} fold {fold}"
        name = "auto" if row.number == AUTO else f"trial {row.number + 1}"
        spec = fold_spec(self.base, row.settings, fold=fold, n_folds=self.search.folds, seed=0)
        run = self.desk.run(key, spec, f"{name}, inner fold {fold + 1}")
        if row.number != AUTO and self._behind(trial, row, run):
            self.desk.cancel(key)
            row.seconds += run.seconds
            self._end_trial(trial, "pruned", words=f"behind the others in fold {fold + 1}, after epoch {run.epoch}")
            return True
        if run.state in LIVE:
            return False
        score = self.desk.score(run) if run.state == "finished" else None
        row.seconds += run.seconds
        if score is None:
            return self._without_score(trial, run)
        row.scores.append(score)
        self.desk.save()
        return self._over(trial)  # with the next fold, now

    def _without_score(self, trial: optuna.Trial, run: Run) -> bool:
        """A run has ended without one: the trial is over, and the search too where it is `auto`."""
        undefined = f"{self.search.metric} is undefined on an inner fold: bring more examples"
        words = run.error or (undefined if run.state == "finished" else run.message)
        if trial.number == AUTO:
            if run.state == "cancelled":
                raise Stopped(f"stopped with its run {run.id} ({run.message})")
            raise TrainingError(f"auto cannot be judged on inner folds, so nothing can be compared with it: {words}")
        self._end_trial(trial, "failed" if run.state == "failed" else "stopped", words=words)
        last = self.search.tried[-_FAILED:]
        if len(last) == _FAILED and all(row.state == "failed" for row in last):
            raise TrainingError(f"the last {_FAILED} trials failed: {words}")
        return True

    def _end_trial(self, trial: optuna.Trial, state: str, words: str = "") -> None:
        from optuna.trial import TrialState

        row = self.rows[trial.number]
        row.state, row.words = state, words
        self.desk.save()
        if row.number == AUTO:  # the others are compared with it, and its own looks with what it reached
            for fold in range(self.search.folds):
                self._report(trial, row, fold)
        if row.value is not None:
            self.study.tell(trial, row.value)
        else:
            self.study.tell(trial, state=TrialState.FAIL if state == "failed" else TrialState.PRUNED)
        self.search.importance = importance(self.study)
        self.desk.save()

    def _let_go(self, words: str) -> None:
        for trial in self.live:
            row = self.rows[trial.number]
            self.desk.cancel(f"trial {row.number} fold {len(row.scores)}")
            self._end_trial(trial, "stopped", words=words)
        self.live = []

    # --- the pruner

    def _auto_scores(self) -> list[float]:
        """Of each fold; [] until `auto` has been through all."""
        row = self.rows.get(AUTO)
        return row.scores if row is not None and row.state == "finished" else []

    def _behind(self, trial: optuna.Trial, row: Trial, run: Run) -> bool:
        """Whether the pruner gives up the trial at any look of this fold so far."""
        return self._report(trial, row, len(row.scores), run, ask=True)

    def _report(self, trial: optuna.Trial, row: Trial, fold: int, run: Run | None = None, *, ask: bool = False) -> bool:
        """Tell the pruner of each look at a fold; with `ask`, whether it would end the trial at one of them."""
        found = run or self.desk.store.get(self.search.runs[f"trial {row.number} fold {fold}"])
        experiment, spec = get_experiment(found.experiment), found.spec
        settings = experiment.train_config(spec.preset, **spec.settings)
        rows = [r for r in self.desk.store.metrics(found.id) if r.split == "valid" and r.name == self.search.metric]
        auto = self._auto_scores() if row.number != AUTO else row.scores
        before = [score - base for score, base in zip(row.scores[:fold], auto, strict=False)]
        told = trial.storage.get_trial(trial._trial_id).intermediate_values
        for look in range(1, _LOOKS + 1):
            until = look * settings.epochs / _LOOKS
            values = [r.value for r in rows if r.epoch <= until and r.value is not None]
            if not values or (rows[-1].epoch < until and found.state in LIVE):
                continue
            now = (max(values) if settings.keep == "best" else values[-1]) - auto[fold]
            step = fold * _LOOKS + look - 1
            if step not in told:
                trial.report((sum(before) + now) / (len(before) + 1), step)
                if ask and trial.should_prune():
                    return True
        return False


def fold_spec(base: RunSpec, settings: dict[str, Any], *, fold: int, n_folds: int, seed: int) -> RunSpec:
    """`base` with these settings, on an inner fold of its training part. seed: how the folds were dealt."""
    from dnaconv_core.experiments.sources import BOOK, OWN

    split: dict[str, Any] = {"kind": INNER, "n_folds": n_folds, "fold": fold, "seed": seed}
    if not (base.valid or base.data in (BOOK, OWN)):
        split["of"] = base.split
    return replace(base, split=split, settings={**base.settings, **settings})


def importance(study: optuna.Study) -> dict[str, float]:
    """How much each setting decided whether a network was among the best (PED-ANOVA), largest first, summing to 1."""
    import optuna

    done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(done) < 5:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of settings that were the same in all trials
        found = optuna.importance.get_param_importances(study)
    return {name: round(float(share), 4) for name, share in found.items() if share == share}
