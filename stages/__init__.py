"""The stages of the pipeline, one module each; `dvc.yaml` says how they hang together."""
