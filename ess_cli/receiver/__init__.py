"""A local webhook: receives events as the service would deliver them, and says what came.

``server`` speaks HTTP, ``intake`` decides what is answered, ``running`` hands each arrival to the
one thread that prints. Nothing here prints. It shares nothing with the sandbox, so that each can
be tried against the other's reading.
"""
