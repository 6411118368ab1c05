"""The pages of ``ess help``: what concerns all commands."""

from __future__ import annotations

EXIT_CODES = """\
Exit codes. Scripts may rely on them: codes are added, never changed.

  0    done; output complete and flushed
  1    a bug in ess                                     report it
  2    wrong usage or input; nothing was changed        fix the call
  3    no credentials, or the service refused them      log in
  4    not found
  5    the service rejected the request                 fix the data
  6    temporary: network, TLS, timeout, 429, 5xx       try later; no write is in doubt
  7    the outcome of a write is unknown                look before trying again
  8    refused for safety, nothing changed              add --yes or --confirm, or leave it
  9    the reply is unusable or unsafe                  investigate
  10   a check that was asked for found something
  11   partly done: some rows failed                    read the report
  12   local trouble: configuration, file, disk, lock   fix the setup
  13   waited, or ran, as long as allowed
  130  interrupted (Ctrl-C)
  141  the pipe was closed (| head)
  143  terminated

7 beats all others. Ctrl-C or SIGTERM while a change is on its way: its answer is awaited, and the
code is that answer's own where it is an error, else 130 or 143; a second one leaves at once, with
7. With -o json or jsonl, an error is also one line of JSON on stderr:
{"error": {"kind": "not-found", "message": "…", "exit": 4, "http": 404, "retryable": false}}
"""

ENVIRONMENT = """\
Environment. An option beats a variable, a variable beats the profile, the profile beats the
default; but a profile named with -p beats the environment for base URL and credentials.

  ESS_PROFILE      which profile to use
  ESS_BASE_URL     the service's base URL
  ESS_TOKEN        the access token
  ESS_USER_TOKEN   the user token
  ESS_OUTPUT       table, json, jsonl, yaml, csv, tsv or name
  ESS_TIMEOUT      seconds: for connecting, for headers, for any stall
  ESS_CONFIG_FILE  the configuration file
  NO_COLOR         no colour, if set to anything

  XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_STATE_HOME       where files go
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY          for remote hosts, never for loopback
  REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE                    trusted certificates; a profile's
                                                        ca-bundle comes first

`ess profile show` says where each value in use came from.
"""

OUTPUT = """\
Output. stdout carries data and nothing else; notes, questions and errors go to stderr.

On a terminal the default is a table, elsewhere tsv with full values. -o chooses:

  table   aligned columns; on a terminal names may be cut in the middle, ids never
  json    one document: an array for lists, else the service's reply as it is; ASCII only.
          Whole or absent: if a page fails nothing is printed
  jsonl   one object a line, as pages arrive
  yaml    likewise; text is always quoted
  csv     the table's columns, exact; --excel guards cells that a spreadsheet would run
  tsv     the table's columns; control characters as escapes
  name    what the next command takes as its argument, one a line, for xargs

--columns a,b chooses columns, +x adds one, ? lists them. --no-header leaves the header out.
--query JMESPATH picks from the JSON document (for jsonl, from each row).
--sort FIELD orders rows, --sort=-FIELD the other way.
--limit N counts rows shown, after every filter. A list that stopped early says so on stderr.

Times are ISO 8601 in UTC, as the service sends them. Dates are typed as 2026-11-23,
2026-11-23T08:00:00Z, now, 15m or 2d (ago), +2d (ahead).
"""

SUBJECTS = {"exit-codes": EXIT_CODES, "environment": ENVIRONMENT, "output": OUTPUT}
