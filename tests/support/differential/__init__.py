"""Compare the release of a team's Compose files with what real Compose reads in the same files."""
