"""What networks already have, as rows of our tables: one module per format, one loader for all of them."""
