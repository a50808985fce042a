"""A team's own Compose files, translated into a description of services.

Place in the pipeline: before describe. In: Compose files and what the inventory says about them. Out: entries for
``stack_services``, as a person could have written them; later steps do not know where an entry came from. May import
``description`` and ``policy``. ``reading`` and ``contents`` read files, the rest is pure. The parser, with its bounds
and a line number for every value, is that of ``policy``.
"""
