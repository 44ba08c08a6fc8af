"""Uploads and documents: values, variables, stores."""
