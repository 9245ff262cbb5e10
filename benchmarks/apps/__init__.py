"""Small apps that `benchmarks.clicks` serves beside Meridian: the same four charts elsewhere, and the floors."""
