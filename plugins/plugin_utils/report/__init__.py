"""A report of a stack: one page of HTML from what all of its hosts say."""
