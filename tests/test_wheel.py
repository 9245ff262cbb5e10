"""The package that `pip install .` makes: it works away from the checkout, with its commands, pages and settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from data_access import addresses
from tests.conftest import ROOT, Server, made_once

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own that holds the wheel; what the wheel depends on is that of the tests."""

    def make(folder: Path) -> None:
        source = folder / "source"
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*_cache", ".venv", ".git", "var", ".hypothesis"))
        pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source], check=True)

    (wheel,) = made_once(tmp_path_factory, "wheel", make).glob("*.whl")
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    packages = next((home / "lib").glob("python*")) / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return home


@pytest.fixture
def run(installed: Path, tmp_path: Path, own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the installed `meridian` in a folder that holds nothing of it."""
    monkeypatch.delenv("PYTHONPATH", raising=False)

    def started(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [installed / "bin" / "meridian", *arguments]
        folder = tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
        return subprocess.run(command, cwd=folder, env=os.environ | more, capture_output=True, text=True, check=False)

    return started


def test_the_wheel_exports_a_page(run: Run, tmp_path: Path) -> None:
    done = run("export", "overview", "--format", "json", "--out", str(tmp_path / "o.json"))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "o.json").read_text())["figures"]


def test_the_wheel_makes_databases_where_it_is_run(run: Run, tmp_path: Path) -> None:
    done = run("init", MERIDIAN_DATABASE_URL="", MERIDIAN_CASES_URL="")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere" / "var" / "meridian.db").exists()


def test_the_wheel_serves_with_the_settings_of_the_project(
    installed: Path, own_sample: addresses.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    running = Server(own_sample, [installed / "bin" / "meridian"], installed)
    try:
        with urllib.request.urlopen(running.address) as answer:
            assert "default-src" in answer.headers["Content-Security-Policy"]
    finally:
        running.stop()
    shown = [installed / "bin" / "python", "-m", "streamlit", "config", "show"]
    settings = subprocess.run(shown, cwd=installed / "share" / "meridian", capture_output=True, text=True, check=True)
    assert "gatherUsageStats = false" in settings.stdout
