"""Lets ``python -m ess_cli`` do what ``ess`` does."""

import sys

from ess_cli.main import main

sys.exit(main())
