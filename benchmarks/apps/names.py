"""The choice that every app offers, under the names that are typed."""

COUNTRIES = {"all": "All", "DE": "Germany", "LT": "Lithuania", "PL": "Poland", "LV": "Latvia", "GE": "Georgia",
             "AM": "Armenia", "RS": "Serbia", "CZ": "Czechia"}  # fmt: skip
