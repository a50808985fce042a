"""The connection between Ansible and the packages of the pipeline: arguments, files, inventories, module calls, output.

In: an action's arguments and variables. Out: a bundle, a module call, lines for the terminal. May import all packages.
Only this package reads the files of the inventory and knows Ansible.
"""
