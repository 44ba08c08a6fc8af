"""Storage for uploads and documents: values, variables, the bucket, the claim."""
