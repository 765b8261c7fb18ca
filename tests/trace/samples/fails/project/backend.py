def prepare_metadata_for_build_editable(directory, config_settings=None):
    raise RuntimeError("no such luck")
