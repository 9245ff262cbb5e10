"""What the database says: tables, connections, filters, viewers and queries. Imports neither streamlit nor plotly."""
