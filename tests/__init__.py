"""The tests; see conftest.py for how they reach the program."""
