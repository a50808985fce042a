"""Compose files as ``docker compose`` reads them: one document whose values know their file and line.

Place in the pipeline: the first step for files, of the policy and of a team's own Compose files. May import nothing
from other packages. Imports are relative, so that the policy also runs in a directory that is not a collection. Needs
only PyYAML.
"""
