"""Complete files and ways to spoil them, in a migrated practice whose views exist."""

import warnings
from datetime import timedelta

import psycopg
import pytest

from dashboard import clock
from tests.conftest import _clone, _template

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Great Expectations imports what Python has deprecated
    import great_expectations  # noqa: F401

COMPLETE = {
    "given_name": "Clara",
    "surname_1": "Vidal",
    "birth_date": "1990-05-17",
    "sex": "female",
    "profession": "Carpenter",
    "marital_status": "single",
    "address_line": "Calle Mayor 1",
    "postal_code": "28013",
    "city": "Madrid",
    "country": "ES",
    "telephone": "+34 600 123 123",
    "email": "clara.vidal@example.org",
    "id_kind": "passport",
    "emergency_name": "Marta Vidal",
    "emergency_telephone": "600 321 321",
    "referral_source": "A friend",
    "site_id": 1,
    "main_therapist_id": 1,
}


class Files:
    """Adds files to a practice, complete unless told otherwise, and reads what was found in them."""

    def __init__(self, connection):
        self.connection = connection

    def insert(self, table, **values):
        """Insert one row and return its id."""
        names = ", ".join(values)
        marks = ", ".join(["%s"] * len(values))
        sql = f"insert into {table} ({names}) values ({marks}) returning *"
        return self.connection.execute(sql, list(values.values())).fetchone()[0]

    def file(self, **changes):
        """Add a complete file with some changes."""
        number = self.connection.execute("select count(*) from patient").fetchone()[0]
        return self.insert("patient", **{**COMPLETE, "id_value": f"XDA{number:06}", **changes})

    def minor(self, **changes):
        """Add the file of a ten-year-old, without guardians."""
        return self.file(birth_date=clock.today() - timedelta(days=3700), **changes)

    def guardian(self, patient, **changes):
        """Add a guardian who holds authority and can be reached."""
        known = {"given_name": "Rosa", "relation": "mother", "has_authority": True, "custody": "joint"}
        return self.insert("guardian", patient_id=patient, **{**known, "telephone": "600 111 222", **changes})

    def session(self, patient, days, state, mode="in_person"):
        """Add a session so many days from now."""
        times = {
            "starts_at": clock.now() + timedelta(days=days),
            "ends_at": clock.now() + timedelta(days=days, hours=1),
        }
        appointment = self.insert(
            "appointment", therapist_id=1, site_id=1, service_id=1, state=state, mode=mode, **times
        )
        self.insert("appointment_patient", appointment_id=appointment, patient_id=patient)

    def consent(self, patient, kind):
        """Add a consent that the patient has signed."""
        sql = "select id, text_sha256 from consent_template where kind = %s"
        template, text_sha256 = self.connection.execute(sql, [kind]).fetchone()
        days = {"requested_on": clock.today() - timedelta(days=400), "signed_on": clock.today() - timedelta(days=400)}
        with self.connection.transaction():
            consent = self.insert("consent", patient_id=patient, template_id=template, state="signed", **days)
            signed = {"signed_at": days["signed_on"], "method": "on_screen", "text_sha256": text_sha256}
            self.insert("consent_signature", consent_id=consent, **signed)

    def found_in(self, patient):
        """Return the codes of the rules that the file fails now."""
        sql = "select rule_code from finding where patient_id = %s and closed_at is null"
        return {code for (code,) in self.connection.execute(sql, [patient])}

    def all(self, statement, *parameters):
        """Return all rows of a statement."""
        return self.connection.execute(statement, parameters).fetchall()


@pytest.fixture(scope="session")
def files_template(cluster, shared_folder, built_template):
    """Return a database of a practice without patients, with its views."""

    def build():
        with psycopg.connect(cluster.address("t_files")) as connection:
            connection.execute("set search_path to practice")
            connection.execute("insert into practice_profile (id, name) values (1, 'Practice')")
            connection.execute("insert into site (name) values ('Centre'), ('North')")
            connection.execute("insert into therapist (given_name, site_id) values ('Ana', 1), ('Luis', 2)")
            connection.execute(
                "insert into service (name, kind, minutes, price_cents) values ('S', 'individual', 50, 1)"
            )
            connection.execute(
                "insert into consent_template"
                " (kind, language, version, title, body, text_sha256, signed_by, required_when)"
                " select kind, 'en', 1, kind, kind, encode(sha256(convert_to(kind, 'UTF8')), 'hex'),"
                " 'patient', 'always'"
                " from unnest(array['treatment', 'data_protection', 'telehealth']) as kind"
            )

    return _template(cluster, shared_folder, "t_files", built_template, build)


@pytest.fixture
def files_database(cluster, files_template, monkeypatch):
    """Return a practice without patients, with its views, for this test alone."""
    yield from _clone(cluster, files_template, monkeypatch)


@pytest.fixture
def files(files_database):
    """Return what adds files to this test's practice."""
    with psycopg.connect(files_database.url, autocommit=True) as connection:
        connection.execute("set search_path to practice")
        yield Files(connection)
