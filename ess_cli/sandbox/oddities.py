"""Oddities that a server can have all the time: switches around what the sandbox does.

The field notes list ten oddities of the reference; what stands for each, or why nothing does:

1. ids as text here, as integers there: ``ids-as-text``, ``ids-as-integers``
2. three families of names for one thing: nothing. Which name stands where is fixed by the
   reference, and the sandbox follows it, all three families included.
3. ``mdn`` holds the criteria: so it does in the sandbox; ``mdn-number`` for the number itself
4. keys that are absent, keys that nobody knows: ``sparse``, ``no-schedule``, ``unknown-keys``
5. "dd" for booleans and integers in the POST example: nothing. It concerns what is sent, and the
   sandbox takes the schema's types only.
6. writes document no reply: ``write-200`` to ``write-204``, ``write-body``, ``write-location``
7. three forms of timestamps: ``millis``. The range is a form that only a client sends.
8. ``company-id`` left out of a topic's event types, ``__GENERIC__``: nothing. The sandbox has
   both always.
9. text from strangers: ``hostile-text``
10. what may be used as a fixture: no matter of a server's.

Beside them: a refresh that gives a token back, ``token-unchanged``. That a PUT loses the keys that
it was not sent (H) is no switch: the sandbox always replaces the whole.
"""

from __future__ import annotations

from ess_cli.sandbox.odd_replies import ANSWERING
from ess_cli.sandbox.odd_requests import ASKING
from ess_cli.sandbox.odd_writes import WRITING
from ess_cli.sandbox.switches import Switch

# The later ones are around the earlier ones: what compresses bodies has to be the last.
SWITCHES: dict[str, Switch] = {**WRITING, **ASKING, **ANSWERING}
"""Every switch."""
