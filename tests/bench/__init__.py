"""How fast; see run.py."""
