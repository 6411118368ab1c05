"""Secrets on the wire: to whom they go, and to whom never."""

from tests.musts import must

MUSTS = (
    must(
        "A redirected read is exit 9 and names the host.",
        (
            "    if status < 400:\n        return _no_answer(reply, request, look)\n",
            "    if status < 400:\n        return None\n",
            "test_redirects.py::test_a_redirected_read_ends_and_names_the_host",
        ),
    ),
)
