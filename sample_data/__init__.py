"""A seeded, invented world that fills any database URL: tests, demo and screenshots all look at it."""
