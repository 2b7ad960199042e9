"""Text with holes: `${VAR}` variables in manifests and report templates. No input or output."""
