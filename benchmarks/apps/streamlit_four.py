"""The four charts on a Streamlit page of their own, without Meridian's frame."""

import streamlit as st

from benchmarks.apps.four import pictures
from benchmarks.apps.names import COUNTRIES

st.set_page_config(layout="wide")
chosen = st.selectbox("Host country", list(COUNTRIES), format_func=COUNTRIES.__getitem__)
for number, picture in enumerate(pictures(chosen)):
    st.plotly_chart(picture, key=f"chart_{number}")
