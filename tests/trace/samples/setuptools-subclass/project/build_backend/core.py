import importlib

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403


def prepare_metadata_for_build_editable(directory, config_settings=None):
    importlib.import_module("build_backend" + ".helper").pinned()
    return build_meta.prepare_metadata_for_build_editable(directory, config_settings)
