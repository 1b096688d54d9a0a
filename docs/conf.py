"""The site: Sphinx makes it of the pages in this folder and of the docstrings of the packages."""

import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.ext.autodoc.mock import MockFinder  # type: ignore[attr-defined]  # not in an __all__

from nb101fast import __version__

sys.path.insert(0, str(Path(__file__).parent))  # for the last two extensions
# The reference needs none of these packages. autodoc_mock_imports would replace them only while a
# module is imported; they would be imported after all when the source of a base class is looked up.
sys.meta_path.insert(
    0,
    MockFinder(
        ["ConfigSpace", "optuna", "optunahub", "pymoo", "ray", "syne_tune", "tensorflow", "torch"]
    ),
)

project = "nb101fast"
release = version = __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "help_texts",
    "signatures",
]
exclude_patterns = ["pictures"]
highlight_language = "none"  # of a fence that names no language
default_role = "py:obj"  # `name` in a docstring is a link where the name is documented.

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3  # as on GitHub, where the pages are read too

nb_execution_in_temp = True  # Notebooks write their files there.
nb_execution_raise_on_error = True
nb_execution_timeout = -1  # A busy machine may take any time.
nb_merge_streams = True  # The parts in which a program's output arrived are one output.
nb_output_stderr = "remove-warn"  # A warning in a notebook is a warning of the build.
nb_code_prompt_show = "Code"
nb_code_prompt_hide = "Code"

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 90

html_theme = "pydata_sphinx_theme"
html_title = f"nb101fast {release}"  # at the top of each page
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars: dict[str, list[str]] = {  # pages without children, and wide ones
    "start": [],
    "drop_in": [],
    "cheat_sheet": [],
    "faq": [],
    "gallery": [],
    "tutorials/*": [],
}
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    """Let pages name the language CSV, which Pygments does not know."""
    app.add_lexer("csv", TextLexer)
