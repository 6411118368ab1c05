"""Reports: rows counted as they stream by, in bounded memory whatever the service sends.

``collecting`` counts, with ``delays``, ``timeline`` and ``responses`` for what has to be kept
small; ``advice`` says what to do. They return data, see ``ess_cli.health``; nothing is printed.
"""
