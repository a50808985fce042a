"""The review of a Compose stack as code: reading, a resolved model, one small function per rule, reports.

Place in the pipeline: check, between bundle and ship; and alone on any Compose file, without Ansible: ``__main__``.
Imports inside are relative, so that it runs from a directory that is no collection too. Only PyYAML is needed.
"""
