"""The database: values, variables, the bundled PostgreSQL."""
