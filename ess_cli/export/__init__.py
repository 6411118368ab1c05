"""Exports: all of a list in files that other tools read, whole or not at all, each row once."""
