"""What hands and spreadsheets change of a name or a number without meaning anything: capitals, separators, zeros before figures,
letters of another script that look alike."""

from __future__ import annotations

import re

LOOKS_LIKE = str.maketrans("авекмнорстухіѕјԁԛԝ" + "αβεικμνορτυχ", "abekmhopctyxisjdqw" + "abeikmvoptux")
PART_OF_A_NUMBER = re.compile(r"\d+|[^\W\d_]+")


def folded(text: str) -> str:
    """Text without capitals, and with letters that look like Latin ones in capitals or not as these."""
    return text.casefold().translate(LOOKS_LIKE)


def plain_number(number: str) -> str:
    """The number of a case or a grant, by its figures without zeros before them and its words of letters."""
    return "-".join(part.lstrip("0") or "0" for part in PART_OF_A_NUMBER.findall(folded(number)))
