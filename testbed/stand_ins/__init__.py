"""Services that tests have in place of ones out of reach; each is a script that runs in a container."""
