"""The extract stage: corpora → skills."""
