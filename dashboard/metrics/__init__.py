"""Frame in, frame or number out. Pure: no streamlit, plotly, sqlalchemy, clock or randomness. METHODS.md is binding."""
