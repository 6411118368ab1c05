"""The 24 operations, over a small wrapper of requests."""
