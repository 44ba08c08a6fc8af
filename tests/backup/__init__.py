"""What the tests of backups need: pods run on this machine, servers of the distribution, an object store, faults."""
