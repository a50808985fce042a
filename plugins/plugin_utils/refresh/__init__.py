"""The rules of a refresh, on the controller."""
