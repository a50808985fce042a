"""From the model of a stack to everything that is uploaded to a host.

In: a :class:`description.model.Stack`. Out: a :class:`bundle.Bundle` with Compose documents, environment files, the
proxy's configuration, the manifest's entries and a digest over all of it. May import ``description``. Pure.
"""
