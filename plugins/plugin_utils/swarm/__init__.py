"""The hosts of a stack as one Swarm: what they report, what is wrong with it, and what has to be done."""
