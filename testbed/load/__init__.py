"""Load on a public port: `hey` sends many requests, a visitor records who answers and when, a websocket stays open.

The demo, molecule and the bench use it. They run in the project's environment. Unlike the rest of the testbed, this
package needs `websockets`.
"""
