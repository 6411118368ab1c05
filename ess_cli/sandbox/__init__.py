"""The embedded service: a second reading of the API reference, in this process or over loopback.

It imports nothing of the rest of the program but its errors. If both sides shared the names of
the wire, a wrong name would pass every test.
"""
