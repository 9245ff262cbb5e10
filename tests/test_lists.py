"""A long list sends what a reader looks for, and what is chosen, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal, select
from streamlit.testing.v1 import AppTest

from dashboard.screen import lists
from data_access import search
from tests.test_pages import lists_of


def _one_list() -> None:
    from dashboard.page.blocks import Choice, Report, Several
    from dashboard.screen.draw import Screen, draw
    from tests.conftest import open_sample_visit

    screen, names = Screen(open_sample_visit(), {}), {f"n{n}": f"Name {n % 999}" for n in range(2_000)}
    draw(Choice("one", "One", names), screen, Report("page"))
    draw(Several("several", "Several", names), screen, Report("page"))


@pytest.mark.usefixtures("deployment")
def test_a_long_list_sends_what_is_looked_for_and_what_is_chosen() -> None:
    app = AppTest.from_function(_one_list, default_timeout=60).run()
    assert not app.exception
    assert {len(names) for names in lists_of(app).values()} == {lists.MOST_LISTED}
    app.text_input(key="search_page_several").input("name 77").run()
    found = app.multiselect(key="page_several").options
    assert set(found) == {f"Name {n % 999} · n{n}" for n in range(2_000) if "77" in str(n % 999)}
    app.multiselect(key="page_several").select("n77").run()
    app.text_input(key="search_page_several").input("name 5").run()
    assert app.multiselect(key="page_several").value == ["n77"]
    assert "Name 77 · n77" in app.multiselect(key="page_several").options
    app.text_input(key="search_page_several").input("nobody").run()
    assert app.multiselect(key="page_several").options == ["Name 77 · n77"]


@pytest.mark.usefixtures("deployment")
def test_a_link_may_choose_what_a_long_list_does_not_show() -> None:
    app = AppTest.from_function(_one_list, default_timeout=60)
    app.session_state["asked_own"] = {"one": "n1999"}
    app.run()
    assert app.selectbox(key="page_one").value == "n1999"


MEMORY = create_engine("sqlite://")
NAMES = st.text(st.sampled_from("Aaäå Øo'ßЁеёшგдI1-_%"), min_size=1, max_size=9)


@given(names=st.lists(NAMES, max_size=8), words=NAMES)
def test_a_list_finds_what_the_database_finds(names: list[str], words: str) -> None:
    known = {str(n): name for n, name in enumerate(names)}
    with MEMORY.connect() as connection:
        for key, name in known.items():
            asked = select(search.matches(literal(search.search_key(name)), words))
            assert bool(connection.scalar(asked)) == (key in search.found(known, words))
