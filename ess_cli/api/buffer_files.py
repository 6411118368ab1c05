"""Buffer files: where scheduled configurations collect events."""

from __future__ import annotations

from ess_cli.api.http import Http
from ess_cli.api.paging import Listing, Window
from ess_cli.records import BufferFile


def list_buffer_files(http: Http, window: Window) -> Listing[BufferFile]:
    """All files of the company: ``GET /event-buffer-files``.

    ``closed`` is absent while a file is open; there is no link to its content (field notes, M).
    """
    return Listing(http, "/event-buffer-files", "files", window, ("file-id",))
