from pathlib import Path

from setuptools import setup

setup(version=Path("../../VERSION").read_text().strip())
