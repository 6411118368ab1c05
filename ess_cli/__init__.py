"""The Syniverse Event Subscription Service (ESS) at the command line."""

__version__ = "0.1.0"
