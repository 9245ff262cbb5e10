"""The floor: a Streamlit page with a choice and one line that says it."""

import streamlit as st

from benchmarks.apps.names import COUNTRIES

chosen = st.selectbox("Host country", list(COUNTRIES), format_func=COUNTRIES.__getitem__)
st.markdown(f"Chosen: {chosen}")
