"""What one writes first: whole tables into pandas at every rerun, grouped there, four charts of Plotly Express."""

import os

import pandas as pd
import plotly.express as px
import streamlit as st
from sqlalchemy import create_engine

from benchmarks.apps.names import COUNTRIES

st.set_page_config(layout="wide")
chosen = st.selectbox("Host country", list(COUNTRIES), format_func=COUNTRIES.__getitem__)
shared = create_engine(os.environ["MERIDIAN_DATABASE_URL"])
cases = create_engine(os.environ["MERIDIAN_CASES_URL"])

organisations = pd.read_sql_table("organisation", shared)
places = pd.read_sql_table("presence", shared).merge(organisations, left_on="organisation_id", right_on="id")
places = places[places["is_initiative"] & (places["role"] != "registered")]
if chosen != "all":
    places = places[places["organisation_id"].isin(places.loc[places["host_country"] == chosen, "organisation_id"])]
where = places.groupby("host_country")["organisation_id"].nunique().sort_values().reset_index()
st.plotly_chart(px.bar(where, x="organisation_id", y="host_country", orientation="h"), key="where")

grants = pd.read_sql_table("grant", shared)
grants = grants[(grants["status"] == "commitment") & grants["recipient_id"].isin(places["organisation_id"])]
grants["month"] = pd.to_datetime(grants["starts_on"]).dt.to_period("M").astype(str)
money = grants.groupby("month")["amount_minor"].sum().reset_index()
st.plotly_chart(px.bar(money, x="month", y="amount_minor"), key="money")

projects = pd.read_sql_table("project", shared)
facets = pd.read_sql_table("project_facet", shared)
wide = facets[facets["facet"] == "host_country"].merge(facets[facets["facet"] == "activity"], on="project_id")
wide = wide.merge(projects, left_on="project_id", right_on="id")
if chosen != "all":
    wide = wide[wide["code_x"] == chosen]
crowd = wide.groupby(["code_x", "code_y"])["organisation_id"].nunique().unstack(fill_value=0)
st.plotly_chart(px.imshow(crowd), key="same")

episodes = pd.read_sql_table("case_episode", cases, columns=["host_country", "opened_on", "closed_on"])
if chosen != "all":
    episodes = episodes[episodes["host_country"] == chosen]
months = pd.DataFrame(
    {name: pd.to_datetime(episodes[f"{name}_on"]).dt.to_period("M").value_counts() for name in ("opened", "closed")}
)
months = months.sort_index().reset_index(names="month").assign(month=lambda frame: frame["month"].astype(str))
st.plotly_chart(px.bar(months, x="month", y=["opened", "closed"], barmode="group"), key="cases")
