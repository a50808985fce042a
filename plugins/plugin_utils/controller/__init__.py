"""Between Ansible and the packages of the pipeline: arguments, files, inventories, module calls, lines to print.

In: an action's arguments and variables. Out: a bundle, a module call, lines for the terminal. May import all packages.
Only this package reads the inventory's files or knows Ansible.
"""
