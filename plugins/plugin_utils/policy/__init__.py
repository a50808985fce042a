"""The policy: checks a Compose stack against rules. It reads files, resolves them to a model, runs rules, and reports.

Place in the pipeline: check, between bundle and ship. ``__main__`` checks any Compose file without Ansible. May import
``compose_reader`` alone. Imports are relative, so that it also runs in a directory that is not a collection. It needs
only PyYAML.
"""
