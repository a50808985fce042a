"""The project's testbed: a container engine, base images, a registry and servers, made from Debian packages alone.

Not part of the collection. Everything it creates carries the label `slipway.testbed`; what it has to remember
(keys, logs) lives under `.testbed/` in the checkout. Standard library only, so that it runs before there is any
environment; the one exception is `testbed.load`.
"""
