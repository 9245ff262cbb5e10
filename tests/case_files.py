"""The worked examples of METHODS.md, by id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "cases"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for path in sorted(FOLDER.glob("*.json")) for case in json.loads(path.read_text())["cases"]
}


def case(name: str) -> tuple[Any, Any]:
    """Input and expectation of a worked example."""
    return CASES[name]["input"], CASES[name]["expected"]


def close(value: object, tolerance: float = 1e-9) -> Any:
    """pytest.approx with the examples' absolute tolerance."""
    return pytest.approx(value, abs=tolerance, rel=0)
