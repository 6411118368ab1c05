"""A plugin of pytest for the trials of ``test_musts``: an example that fails is not made smaller.

What is wanted there is that it fails; the smallest example takes a minute, and nobody reads it.
"""

from __future__ import annotations


def pytest_configure() -> None:
    """Have Hypothesis stop at the first example that fails."""
    from hypothesis import Phase, settings

    settings.register_profile("unshrunk", phases=(Phase.explicit, Phase.generate))
    settings.load_profile("unshrunk")
