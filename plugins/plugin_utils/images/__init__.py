"""From the model of a stack to built, pushed or packed images.

In: a :class:`description.model.Stack`. Out: bake documents, image archives, attestations. May import ``description``
and ``policy`` (what counts as a secret). ``buildx`` and ``git_revision`` run commands on the controller; the rest is
pure.
"""
