"""The directive `help-texts`: a section for each command of a command line, with its help text."""

from __future__ import annotations

import os
import pkgutil

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nb101fast.command_line import CommandLine


class HelpTexts(SphinxDirective):
    """The argument is MODULE:FUNCTION of a function that makes the `CommandLine`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        line: CommandLine = pkgutil.resolve_name(self.arguments[0])()
        os.environ.update(
            COLUMNS="70", NO_COLOR="1"
        )  # The texts are the same wherever it is built.
        return [self._section(*item) for item in line.help_texts().items()]

    def _section(self, title: str, text: str) -> nodes.section:
        section = nodes.section(
            "", nodes.title(text=title), names=[nodes.fully_normalize_name(title)]
        )
        section += nodes.literal_block(text, text, language="none", classes=["help-text"])
        self.state.document.note_implicit_target(section, section)
        return section


def setup(app: Sphinx) -> None:
    """Add the directive to Sphinx."""
    app.add_directive("help-texts", HelpTexts)
