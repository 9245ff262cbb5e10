"""What it takes to run Meridian for many readers: the front, the servers, the databases."""
