"""From the model of a stack to files in a developer's checkout, or to the team's own inventory.

In: a :class:`description.model.Stack`, and the directory that people work in. Out: files, and a verdict on each that is
there already. May import ``rendering``, ``compose_files`` and ``description``. ``checkout`` writes; the rest is pure.
"""
