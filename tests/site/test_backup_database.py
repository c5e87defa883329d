"""How PostgreSQL's own programs are told where the database is."""

from fingerprint_site.backup.database import as_variables


def test_programs_connect_as_safely_as_the_site() -> None:
    parameters = {
        "dbname": "music",
        "password": "a secret",
        "port": 5433,
        "sslmode": "verify-full",
        "sslrootcert": "/certificates/ca.pem",
        "hostaddr": None,
        "cursor_factory": object,
    }
    assert as_variables(parameters) == {
        "PGDATABASE": "music",
        "PGPASSWORD": "a secret",
        "PGPORT": "5433",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/certificates/ca.pem",
    }
