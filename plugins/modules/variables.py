# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action plugin ``slipway.stack.variables``; the code is in ``plugins/action/variables.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: variables
short_description: Check that no variable of the collection is misspelt
version_added: 0.3.0
description:
  - Fails if a variable of the host begins with C(stack_) and the collection does not know it, or if it resembles a
    variable of a role. The message names all such variables, with the names that are probably meant.
  - Accepts variables that another variable uses, and those in C(stack_own_variables).
  - Runs on the controller and does not contact the host. All other modules that work on a stack check the same.
extends_documentation_fragment:
  - slipway.stack.attributes
  - slipway.stack.attributes.action
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
author:
  - slipway.stack maintainers (@slipway-stack)
seealso:
  - module: slipway.stack.release
"""

EXAMPLES = r"""
- name: Check the names of variables
  slipway.stack.variables:
"""

RETURN = "{}"
