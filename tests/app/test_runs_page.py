"""The Runs page from the entrypoint: its table, what can be done with a run, and comparisons."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from dnaconv_core.runs import queue
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    """What waits goes on waiting."""
    started: list[str] = []
    monkeypatch.setattr(queue, "_spawn", lambda store, slot, held: started.append(slot.key))
    return started


def texts(at) -> str:
    return "\n".join([*(m.value for m in at.markdown), *(c.value for c in at.caption)])


def press(at, label: str):
    return next(button for button in at.button if button.label == label).click().run()


def test_an_empty_page_offers_a_start(dashboard):
    at = dashboard("runs")
    assert at.title[0].value == "Runs" and "**No runs yet.**" in texts(at)
    assert not at.exception and not at.error


def test_the_table_shows_each_run_with_its_score_and_curve(dashboard, trained):
    run = trained("rnai")
    at = dashboard("runs")
    table = at.dataframe[0].value
    assert list(table["Name"])[-1] == "a small rnai" and list(table["State"])[-1] == "finished"
    metric = run.metrics["valid"]["pearson_r"]
    row = table.iloc[-1]
    assert list(table)[:4] == ["Name", "Score", "Metric", "State"]  # what a narrow window shows
    assert row["Score"] == metric["value"] and row["Metric"] == "Pearson r"
    assert row["95 %"] == f"{metric['low']:.3f} to {metric['high']:.3f}"
    assert len(row["Validation"]) == 2 and row["Epochs"] == "2 of 2"
    assert "Tick one run" in texts(at)


@pytest.mark.slow
def test_one_ticked_run_can_be_edited_and_deleted(dashboard):
    store = Store()
    run = store.create(RunSpec("rnai"), "mine")
    store.ask_to_stop(run.id)
    at = dashboard("runs", runs=run.id)
    assert "stopped before it started" in texts(at).replace("\\", "")
    next(field for field in at.text_input if field.label == "Name").set_value("yours")
    next(field for field in at.text_input if field.label.startswith("Tags")).set_value("good, first")
    at = press(at, "Save")
    assert (store.get(run.id).name, store.get(run.id).tags) == ("yours", ("good", "first"))
    at = press(at, "Delete for good")
    assert store.list() == [] and "**No runs yet.**" in texts(at)


def test_a_stopped_run_is_resumed_into_the_queue(dashboard, no_workers):
    store = Store()
    run = store.create(RunSpec("rnai"), "mine")
    store.ask_to_stop(run.id)
    at = press(dashboard("runs", runs=run.id), "Resume")
    assert store.get(run.id).state == "queued" and set(no_workers) == {"cpu/0"}
    assert "waiting, number 1 in the queue" in "\n".join(p.proto.text for p in at.get("progress"))
    assert "0 training, 1 waiting" in texts(at)
    press(at, "Stop")
    assert store.get(run.id).state == "cancelled"


def test_after_a_start_there_is_nothing_left_to_start_it_again(dashboard, no_workers):
    at = press(dashboard("train", experiment="rnai"), "Start training")
    assert "Start training" not in {button.label for button in at.button}  # the page is the run's now
    assert len(Store().list()) == 1 and not at.exception


@pytest.mark.slow
def test_two_runs_are_compared_on_the_same_examples(dashboard, trained, no_workers):
    from dnaconv_core.runs.worker import train_here

    first = trained("rnai")
    store = Store()
    settings = {**first.spec.settings, "filters": 2}
    second = train_here(store, store.create(RunSpec("rnai", settings=settings), "smaller").id)
    at = dashboard("runs", runs=f"{first.id},{second.id}", experiment="rnai")
    assert not at.exception and not at.error
    shown = at.dataframe[1].value
    assert list(shown["setting"]) == ["Filters per layer"] and list(shown["≠" if "≠" in shown else ""]) == ["≠"]
    assert set(shown.columns) == {"", "setting", "a small rnai", "smaller"}
    assert "**Which is better?**" in texts(at) and "1,200 examples" in texts(at)


def test_runs_on_other_examples_are_parted_before_all_else(dashboard, monkeypatch):
    import numpy as np

    store, runs = Store(), []
    for name in ("mine", "theirs"):
        run = store.create(RunSpec("rnai"), name)
        store.folder(run.id).mkdir(parents=True, exist_ok=True)
        ids = np.array([f"{name}_{i}" for i in range(9)])
        np.savez(store.folder(run.id) / "predictions.npz", ids=ids, y=np.ones((9, 1)), prediction=np.ones((9, 1)))
        runs.append(run.id)
    at = dashboard("runs", runs=",".join(runs), experiment="rnai")
    (warning,) = at.warning
    assert warning.value.startswith("**Not measured on the same examples.** mine and theirs have no validation example")
    assert not at.exception and "Which is better" not in texts(at) and len(at.dataframe) == 1


@pytest.mark.slow
def test_a_clone_is_called_after_its_run(dashboard, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "app"))
    from learn.run_actions import again

    assert [again(name) for name in ("mine", "mine 2", "mine 9", "2", "x" * 60)] == [
        "mine 2", "mine 3", "mine 10", "2 2", "x" * 58 + " 2",
    ]  # fmt: skip
    at = dashboard("train", experiment="rnai", name="mine 2", depth="1")
    assert next(field for field in at.text_input if field.label == "Name of the run").value == "mine 2"
    press(at, "Start training")
    assert [run.name for run in Store().list()] == ["mine 2"]


@pytest.mark.slow
def test_imported_models_are_told_with_what_is_missing(dashboard, trained):
    from dnaconv_core.home import models_folder
    from dnaconv_core.runs.transfer import export_model, import_model

    run = trained("rnai")
    key = import_model(export_model(run.id))
    try:
        shown = texts(dashboard("runs")).replace("\\", "")
        assert "**Imported models**" in shown
        assert f"a small rnai · RNA interference · Pearson r {run.metrics['valid']['pearson_r']['value']:.3f}" in shown
        assert "**Imported models**" not in texts(dashboard("runs", experiment="tf_binding", show="this experiment"))
        at = dashboard("filters", experiment="rnai", run=key)
        (link,) = [one.proto for one in at.get("page_link") if one.proto.label == "Train it further"]
        assert f"start={key}" in link.query_string
        assert "Without simple predictors to compare with." in [one.value for one in at.caption]
    finally:
        shutil.rmtree(models_folder() / key)


@pytest.mark.parametrize(("epochs", "offered"), [(60_000, 100_000), (100_000, None)])
def test_a_run_of_as_many_epochs_as_can_be_is_not_extended(dashboard, no_workers, epochs, offered):
    store = Store()
    run = store.create(RunSpec("rnai", settings={"epochs": epochs}), "a long one", waiting=True)
    store.ask_to_stop(run.id)
    at = dashboard("runs", runs=run.id)
    assert not at.exception
    fields = [field.value for field in at.number_input if field.label == "Epochs in all"]
    assert fields == ([offered] if offered else [])


def test_a_run_has_one_colour_in_every_chart(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "app"))
    from dnaconv_core.plot.colors import categorical
    from dnaconv_core.plot.style import blank
    from learn.compared_charts import colored

    figure = blank("x", "y")  # the first run has nothing to draw here
    figure.add_scatter(x=[0], y=[0], mode="lines", name="second").add_scatter(
        x=[0], y=[0], mode="markers", name="third"
    )
    lines, dots = colored(figure, ["first", "second", "third"]).data
    assert (lines.line.color, dots.marker.color) == (categorical(1), categorical(2))


@pytest.mark.parametrize("n, charts", [(2000, 1), (2001, 3)])
def test_of_many_examples_each_run_has_a_chart_whose_colours_say_how_many_lie_close(monkeypatch, n, charts):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "app"))
    import numpy as np

    from dnaconv_core.runs.compare import HeldOut
    from learn import compared_charts

    drawn = []
    monkeypatch.setattr(compared_charts, "chart", lambda figure, **_: drawn.append(figure))
    y, w, codes = np.linspace(0, 1, n), np.ones(n), np.zeros((n, 0), np.uint8)
    y[: n // 2] = 0.25  # many dots in one place
    part = HeldOut(np.arange(n).astype(str), y, w, y / 2, y[:, None], w[:, None], y[:, None] / 2, codes)
    few = part._replace(**{name: getattr(part, name)[:7] for name in part._fields})
    compared_charts.measured_charts({"a": part, "b": few, "c": few}, "label", ["a", "b", "c"])
    assert len(drawn) == charts
    first = next(trace for trace in drawn[0].data if trace.mode == "markers")
    assert len(first.x) == n
    if charts == 3:  # half of the dots lie in one cell of the grid: as many as log10 says
        assert max(first.marker.color) >= np.log10(n // 2) - 0.01 and len(drawn[1].data[1].x) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    "keep, said",
    [("best", "Dashed line: epoch 1 has the best validation"), ("last", "The weights of the last epoch are kept")],
)
def test_a_training_says_which_weights_it_keeps(dashboard, no_workers, keep, said):
    from dnaconv_core.runs.worker import train_here

    small = {"epochs": 1, "filters": 3, "depth": 1, "batch_size": 500, "device": "cpu", "keep": keep}
    store = Store()
    run = train_here(store, store.create(RunSpec("rnai", settings=small)).id)
    at = dashboard("train", run=run.id, experiment="rnai")
    assert not at.exception and said in texts(at)


def test_a_home_that_cannot_be_written_is_one_sentence_on_the_first_page(dashboard, monkeypatch):
    monkeypatch.setenv("DNACONV_HOME", "/proc/no/home")
    at = dashboard()
    (error,) = at.error
    assert error.value.startswith("the home folder /proc/no/home cannot be written") and not at.exception


def test_the_quick_chart_draws_what_the_figure_draws(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "app"))
    from dnaconv_core.experiments import EXPERIMENTS
    from dnaconv_core.plot.curves import training_figure
    from dnaconv_core.runs.store import MetricRow
    from learn.training_chart import training_chart

    values = {("train", "loss"): (0.5, 0.25), ("valid", "loss"): (0.75, 0.5), ("valid", "auroc"): (None, 0.625)}
    rows = [MetricRow(3 * (i + 1), *name, pair[i]) for name, pair in values.items() for i in range(2)]
    quick = training_chart(rows, EXPERIMENTS["tf_binding"], 40)
    slow = json.loads(training_figure(rows, task="binary", epochs=40, best_epoch=6).to_json())
    drawn = [(trace["name"], trace["xaxis"], trace["x"], trace["y"]) for trace in slow["data"]]
    assert [(t["name"], t["xaxis"], t["x"], t["y"]) for t in quick["data"] if t["x"]] == drawn
    assert [shape["x0"] for shape in quick["layout"]["shapes"]] == [6, 6]
    assert quick["layout"]["xaxis"]["range"] == pytest.approx(slow["layout"]["xaxis"]["range"])
    unmarked = training_chart(rows, EXPERIMENTS["tf_binding"], 40, keep="last")
    assert not any(shape["visible"] for shape in unmarked["layout"]["shapes"])
    by_loss = training_chart([*rows, MetricRow(3, "valid", "auroc", 0.75)], EXPERIMENTS["tf_binding"], 40, keep="loss")
    assert [shape["x0"] for shape in by_loss["layout"]["shapes"]] == [6, 6]
    many = [MetricRow(epoch, "train", "loss", 1.0) for epoch in range(1, 1504)]
    points = training_chart(many, EXPERIMENTS["tf_binding"], 0)["data"][0]["x"]
    assert len(points) <= 402 and points[0] == 1 and points[-1] == 1503


def test_the_top_tells_of_a_run_that_began_while_the_page_was_drawn(dashboard, monkeypatch):
    store = Store()
    run = store.create(RunSpec("rnai"), "mine", waiting=True)
    at = dashboard("train", experiment="rnai", run=run.id)
    assert "mine · waiting" in at.selectbox(key="_model").options
    listed, claims = Store.list, []

    def list_then_begin(self, *given, **more):
        found = listed(self, *given, **more)
        if not claims:
            claims.append(store.claim(lambda _: True, "cpu"))
        return found

    monkeypatch.setattr(Store, "list", list_then_begin)
    at.run()
    try:
        assert store.get(run.id).state == "running" and not at.exception
        assert "mine · training" in at.selectbox(key="_model").options
    finally:
        os.close(claims[0].lock)
