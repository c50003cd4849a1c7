"""Mappings: ours are whole, and a wrong one is refused by file, key and rule."""

from __future__ import annotations

import pytest
import yaml

from dashboard.imports.mapping import MappingError, known_mappings, mapping_path, read_mapping


@pytest.fixture
def spoilt(tmp_path, clinica):
    """Return a function that writes the Spanish mapping with one key changed, and gives the error it raises."""

    def spoilt(place: str, value: object) -> str:
        said = yaml.safe_load((clinica / "clinica.yaml").read_text(encoding="utf-8"))
        *way, last = [int(part) if part.isdigit() else part for part in place.split("/")]
        node = said
        for part in way:
            node = node[part]
        node[last] = value
        file = tmp_path / "spoilt.yaml"
        file.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
        with pytest.raises(MappingError) as error:
            read_mapping(file)
        return str(error.value)

    return spoilt


@pytest.mark.parametrize("name", known_mappings())
def test_every_mapping_that_comes_with_the_application_is_valid(name):
    assert read_mapping(mapping_path(name)).source == name


def test_an_unknown_mapping_is_refused_with_the_known_ones():
    with pytest.raises(MappingError, match="known are no_show, synthea"):
        mapping_path("../synthea")


@pytest.mark.parametrize(
    ("place", "value", "key", "rule"),
    [
        ("delimiter", "::", "delimiter", "Input should be"),
        ("time_zone", "Europe/Nowhere", "the whole file", "not an IANA name"),
        ("formats/decimal", ".", "formats", "same character"),
        ("formats/date", ["DD/MM"], "formats", "needs YYYY"),
        ("colour", "red", "colour", "Extra inputs"),
        ("files/pacientes/rows/0/entity", "person", "files.pacientes.rows.0", "is not one of"),
        ("files/pacientes/rows/0/fields/shoe", {"column": "sexo"}, "files.pacientes.rows.0", "'shoe' is not one of"),
        ("files/pacientes/rows/0/fields/given_name", {}, "fields.given_name", "exactly one of"),
        ("files/pacientes/rows/0/fields/given_name", {"column": "nobody"}, "files.pacientes", "not listed: nobody"),
        ("files/pacientes/rows/0/fields/sex", {"constant": "dragon"}, "files.pacientes.rows.0", "takes only"),
        ("files/pacientes/rows/0/fields", {"sex": {"column": "sexo"}}, "rows.0", "needs the fields given_name"),
        ("files/citas/skip/0/when", {"column": "estado"}, "skip.0.when", "exactly one of in"),
        ("files/citas/skip/0/when/blank", True, "skip.0.when", "exactly one of in"),
        ("files/citas/skip/0/when", {"column": "importe", "outside": [9, 1]}, "skip.0.when", "the least and the most"),
        ("files/citas/skip/0/when", {"column": "inicio", "later_day_than": "fin"}, "files.citas", "not listed: fin"),
        ("files/citas/rows/0/fields/name/steps", ["reverse"], "steps.0", "Input should be"),
    ],
)
def test_a_wrong_mapping_names_the_file_the_key_and_the_rule(spoilt, place, value, key, rule):
    said = spoilt(place, value)
    assert said.startswith("spoilt.yaml: ")
    assert key in said
    assert rule in said


def test_a_file_that_is_not_yaml_is_refused(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("a: [1,", encoding="utf-8")
    with pytest.raises(MappingError, match=r"broken\.yaml: the whole file: not readable"):
        read_mapping(file)


def test_a_mapping_that_says_something_else_is_another_version(clinica):
    file = clinica / "clinica.yaml"
    before = read_mapping(file).version
    file.write_text("# a remark changes nothing\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_mapping(file).version == before
    file.write_text(file.read_text(encoding="utf-8").replace("Mujer: female", "M: female"), encoding="utf-8")
    assert read_mapping(file).version != before
