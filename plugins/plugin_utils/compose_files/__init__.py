"""A team's own Compose files on their way into the pipeline: read, checked, translated into a description.

Place in the pipeline: before describe. What comes out is what a person could have written into ``stack_services``, one
entry a service; from there on nothing knows where it came from. ``reading`` and ``contents`` read files, the rest is
pure. Reading itself, with its bounds and a line for every value, is that of ``policy``.
"""
