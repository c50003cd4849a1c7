"""The names beside a file that belong to the team's records, for lists of files."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, column, func, table

THERAPIST = table("therapist", column("id", BigInteger), column("given_name", Text), column("surnames", Text))
SITE = table("site", column("id", BigInteger), column("name", Text))
THERAPIST_NAME = func.concat_ws(" ", THERAPIST.c.given_name, THERAPIST.c.surnames).label("therapist_name")
