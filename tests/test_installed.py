"""The package built, and installed in an environment of its own, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
import tomllib

from dnaconv_core import __version__
from dnaconv_core.cli import main
from dnaconv_core.home import shipped

ROOT = Path(__file__).parents[1]
NEEDED = (
    "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff",
    "CONTRIBUTING.md", "requirements.txt", "requirements-test.txt", "dnaconv_core", "app", "pretrained",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The folder with the wheel and the sdist, built from a copy of the checkout."""
    pytest.importorskip("build", reason="the package build is not installed: see requirements-test.txt")
    folder, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("built")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True, env=_elsewhere())
    return out


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> Path:
    """The `bin` of a fresh environment with the wheel; what it depends on is found in the one that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site / "beside.pth").write_text("\n".join(ours) + "\n")
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--ignore-installed", str(wheel)], check=True, env=_elsewhere())
    return folder / "bin"


def _elsewhere(**more: str) -> dict[str, str]:
    """The environment's variables without those that would lead back to the checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(ROOT)) for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_wheel_and_sdist_hold_the_app_and_the_models(built):
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    assert wheel.name == f"dnaconv-{__version__}-py3-none-any.whl"
    wanted = _files(ROOT / "app") | _files(ROOT / "pretrained")
    assert {"app/.streamlit/config.toml", "app/components/js/logo.js"} <= wanted and len(wanted) > 100
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {f"dnaconv_core/shipped/{name}" for name in wanted} <= inside and "dnaconv_core/py.typed" in inside
    assert not [name for name in inside if name.endswith(".pyc") or name.startswith(("app/", "tests/"))]
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert wanted | {"setup.py", "CHANGELOG.md"} <= packed


@pytest.mark.slow
def test_installed_elsewhere_it_predicts_and_opens_the_dashboard(installed, tmp_path):
    here = {"cwd": tmp_path, "env": _elsewhere(DNACONV_HOME=str(tmp_path / "home")), "text": True}
    where = [str(installed / "python"), "-c", "import dnaconv_core; print(dnaconv_core.__file__)"]
    assert str(installed.parent) in subprocess.run(where, check=True, capture_output=True, **here).stdout
    window = "GACT" * 12 + "TGACTCA" + "CAGT" * 11 + "GA"
    asked = [str(installed / "dnaconv"), "predict", "tf_binding_jund", window, "--json"]
    (row,) = json.loads(subprocess.run(asked, check=True, capture_output=True, **here).stdout)
    assert row["sequence"] == window and 0 < row["prediction"] < 1
    assert row["prediction"] == pytest.approx(_here(window), abs=1e-5)
    assert _title(installed, here) == "Experiments"
    _serves(installed, here)


def _here(window: str) -> float:
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.predict import predict
    from dnaconv_core.sequence.encoding import one_hot

    return float(predict(load_bundle(ROOT / "pretrained" / "tf_binding_jund").model, one_hot([window]))[0, 0])


def _title(installed: Path, here: dict) -> str:
    """Of the page that the dashboard opens at, drawn by the installed app."""
    code = (
        "import sys; from dnaconv_core.home import shipped; from streamlit.testing.v1 import AppTest\n"
        "sys.path.insert(0, str(shipped('app')))\n"
        "at = AppTest.from_file(str(shipped('app') / 'dashboard.py'), default_timeout=120).run()\n"
        "assert not at.exception, at.exception\n"
        "print('title:', at.title[0].value)"
    )
    told = subprocess.run([str(installed / "python"), "-c", code], capture_output=True, **here)
    assert told.returncode == 0, told.stderr[-2000:]
    return re.search("title: (.+)", told.stdout).group(1)


def _serves(installed: Path, here: dict) -> None:
    """`dnaconv app` answers on the port that was asked for, with the app's own settings, and ends when told to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(installed / "dnaconv"), "app", "--port", str(port), "--home", "lab"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **here)
    try:
        page = _answer(f"http://127.0.0.1:{port}/", server)
        assert b"<title>" in page
        foreign = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": "elsewhere.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):  # by the app's own guard
            urllib.request.urlopen(foreign, timeout=20)
    finally:
        server.send_signal(signal.SIGTERM)
        told = server.communicate(timeout=60)[0]
    assert f"http://127.0.0.1:{port}" in told


def _answer(address: str, server: subprocess.Popen) -> bytes:
    until = time.monotonic() + 120  # the machine may be busy
    while time.monotonic() < until and server.poll() is None:
        try:
            return urllib.request.urlopen(address, timeout=20).read()
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no answer from {address}: {server.stdout.read() if server.poll() is not None else ''}")


def test_the_version_stands_in_one_place(capsys):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"] and project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "dnaconv_core.__version__"}
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"dnaconv {__version__}\n"


def test_a_checkout_ships_what_lies_beside_the_package():
    assert shipped("app") == ROOT / "app" and (shipped("pretrained") / "rnai_huesken" / "card.md").is_file()


def test_a_port_that_cannot_be_is_told(capsys):
    assert main(["app", "--port", "70000"]) == 2
    assert "--port is 70000: choose one from 1 to 65535" in capsys.readouterr().err


def test_app_becomes_streamlit_with_what_was_asked(monkeypatch, tmp_path):
    from dnaconv_core.commands import app

    begun = []
    monkeypatch.setattr(app.os, "execv", lambda path, command: begun.append(command))
    monkeypatch.setenv("DNACONV_HOME", "before")
    main(["app", "--port", "8611", "--open", "--home", str(tmp_path)])
    assert os.environ["DNACONV_HOME"] == str(tmp_path)
    (command,) = begun
    assert command[1:5] == ["-m", "streamlit", "run", str(ROOT / "app")]
    assert command[5:9] == ["--server.port", "8611", "--server.headless", "false"]


def test_two_files_that_name_the_same_checks_agree():
    hooks = re.findall(r"entry: (\S+)", (ROOT / ".pre-commit-config.yaml").read_text())
    gate = (ROOT / ".ci" / "run").read_text()
    assert hooks == ["ruff", "ruff", "mypy"] and all(f"\n{name}" in gate for name in hooks)
