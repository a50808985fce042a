"""Load on a public port, and what became of it: `hey` for requests, a visitor for who answered when, a websocket.

Used by the demo, by molecule and by the bench, all of which run in the project's environment: unlike the rest of the
testbed it needs the package `websockets`.
"""
