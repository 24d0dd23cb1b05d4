"""Sphinx configuration: MyST pages, the furo theme, nothing fetched from elsewhere."""

from importlib.metadata import version as installed_version

project = "formfact"
version = release = installed_version("formfact")
project_copyright = "the formfact contributors"

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"formfact {release}"
html_copy_source = False
