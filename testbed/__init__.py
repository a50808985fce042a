"""The project's testbed: a container engine, base images, a registry and servers, built only from Debian packages.

It is not part of the collection. Everything it creates has the label `slipway.testbed`. Its keys and logs are in
`.testbed/` in the checkout. It uses only the standard library, because it also runs before there is an environment.
The one exception is `testbed.load`.
"""
