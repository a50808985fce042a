"""The words of a command that is written as one text, as Compose splits it. A shell would do it differently.

Place in the pipeline: description, for commands that the server runs itself in place of Compose. Pure. A command that
Compose passes to a container is not split here.
"""

from __future__ import annotations

_SPACES = " \t\r\n"
#: Outside of quotes, Compose ignores everything from one of these on: there is no shell.
_ENDS = ";&|<>"
#: Outside of quotes, Compose keeps these as text in some places and refuses them in others.
_UNCLEAR = "`()"


def split(text: str) -> list[str]:
    """Return the words of a command. Source: the behaviour of Compose 2.26 and 2.40.

    A backslash in double quotes escapes every character. ``a && b`` is the command ``a``.

    :raises ValueError: for an open quote, a backslash at the end, and a backquote or a bracket outside of quotes.
    """
    words: list[str] = []
    word: str | None = None
    quote = ""
    escaped = False
    for character in text:
        if escaped:
            word, escaped = (word or "") + character, False
        elif character == "\\" and quote != "'":
            escaped = True
        elif character in "'\"" and quote in ("", character):
            quote, word = "" if quote else character, word or ""
        elif quote or character not in _SPACES + _ENDS + _UNCLEAR:
            word = (word or "") + character
        elif character in _UNCLEAR:
            raise ValueError(f"has {character} outside of quotes, and no shell reads it")
        elif character in _SPACES:
            words += [] if word is None else [word]
            word = None
        else:
            if character == ">" and word and word[0].isdecimal():
                # The number of a stream, as in 2>file.
                word = None
            break
    if escaped or quote:
        raise ValueError(f"ends in the middle of a {'quoted text' if quote else 'character with a backslash'}")
    return words if word is None else [*words, word]
