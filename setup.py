"""Which packages to install. Everything else about the project is in pyproject.toml."""

from setuptools import find_namespace_packages, setup

setup(
    # An editable install with package_dir puts the checkout on sys.path, and Twisted looks for plugins along sys.path.
    # Without it setuptools maps package names instead: the install succeeds, and the plugin is silently lost.
    package_dir={"": "."},
    # twisted/ and twisted/plugins/ are Twisted's packages, to which we add one module. They are found as namespace
    # packages, and must not hold an __init__.py: the install would overwrite Twisted's own with it.
    packages=find_namespace_packages(include=["gamesvc", "gamesvc.*", "twisted.plugins"]),
)
