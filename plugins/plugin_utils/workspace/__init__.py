"""From the model of a stack to files in a developer's checkout.

In: a :class:`description.model.Stack`, and the directory that people work in. Out: files, and what is done with each
existing one. May import ``rendering``, ``compose_files`` and ``description``. ``checkout`` writes; the rest is pure.
"""
