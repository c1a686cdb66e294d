"""Static files under names that contain their digest, so that browsers may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage that also rewrites the imports of ES modules."""

    support_js_module_import_aggregation = True
