"""Texts of env files in every notation."""

from __future__ import annotations

from hypothesis import strategies as st

#: Lines that both versions of Compose read. Each has a name of its own.
LINES = r"""
E1=plain
E2 = spaced  x
E3="double # x"  # comment
E4='single $x # y'
E5=
export E6=1
E7: colon
E8=a#b
E9=a #b
E10=#b
E11="a\nb\tc\\d\"e"
E12='it\'s'
E13=${TAG}-$TAG
E14=${NOPE:-d}${NOPE-e}${TAG:+f}
E15="${TAG} $$ \$x"
E16='${TAG}'
E17=a=b=c
E18="two
lines"
E19='two
lines'
E20=	tab	#c
E21=it's
  E23=indented
E25=${E1}-x
E26=\n\t
E27="\u00e9é"
# a comment = x

E30.dotted-name=1
E31=a;b&c|d
E32=`x`$(y)
E33="$"
E34=$
E41==
""".strip("\n")
#: Texts that a version of Compose refuses, or reads in a way of its own.
DOUBTFUL = (
    'D="a"b\n',
    "D=${NOPE:?}\n",
    'D="${TAG"\n',
    "D E=1\n",
    "D\n",
    'D="unclosed\n',
    "D='unclosed\n",
    "=D\n",
    "1D=1\n",
    "D=über\n",
    "über=1\n",
    "\ufeffD=1\n",
    "D=${TAG\n",
    "D=$(x)${}\n",
    "D: \n\n\tE=1\n",
    "D=1\rE=2\n",
)


def texts() -> st.SearchStrategy[str]:
    """Draw the text of an env file."""
    lines = LINES.replace("\nlines", "\0lines").splitlines()
    chosen = st.lists(st.sampled_from([line.replace("\0", "\n") for line in lines]), max_size=6, unique=True)
    return st.tuples(chosen, st.sampled_from(["\n"] * 5 + ["\r\n"])).map(lambda found: found[1].join([*found[0], ""]))
