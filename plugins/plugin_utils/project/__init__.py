"""A team's repository, read to write a first inventory for it: what runs in production, and what a person decides.

Place in the pipeline: outside it, for ``playbooks/init.yml``. Everything that is read was written by others, so it is
bounded in kind, size, number and time.
"""
