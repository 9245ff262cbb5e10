"""The launcher: `streamlit run streamlit_app.py`, plain `streamlit run` and `meridian serve` all start here."""

import streamlit as st
from starlette.middleware import Middleware

from dashboard.web import Guard, Packed

app = st.App("dashboard/app.py", middleware=[Middleware(Guard), Middleware(Packed)])
