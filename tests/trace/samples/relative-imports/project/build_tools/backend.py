from . import writing
from .deep.requires import REQUIRES


def prepare_metadata_for_build_editable(directory, config_settings=None):
    return writing._metadata(directory, requires=REQUIRES)
