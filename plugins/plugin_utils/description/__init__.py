"""From a description in the inventory to the model of a stack.

In: plain data as people wrote it (``stack_services``, ``stack_secrets``, the kinds). Out: a :class:`model.Stack`, with
every default filled in and every reference resolved. May import ``policy`` (its lists of known images), nothing else.
Pure, but for ``kinds.load``. Every error is a ``ValueError`` that names the service and the key.
"""
