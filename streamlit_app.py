"""The launcher: `streamlit run streamlit_app.py`, plain `streamlit run` and `meridian serve` all start here."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard import logs, measures
from dashboard.health import Health
from dashboard.live import Live
from dashboard.web import Guard, Packed, SignIn

logs.set_up()
measures.serve()
app = st.App(
    Path(__file__).parent / "dashboard" / "app.py",
    middleware=[
        Middleware(Health),
        Middleware(Guard),
        Middleware(measures.Sockets),
        Middleware(Live),
        Middleware(SignIn),
        Middleware(Packed),
    ],
)
