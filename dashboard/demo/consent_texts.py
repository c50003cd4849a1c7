"""The texts of the synthetic practice's consents, in Spanish and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ConsentText:
    """One kind of consent: who signs it when, for how long, and its words (title and body by language)."""

    kind: str
    version: int
    validity_months: int | None
    signed_by: str
    required_when: str
    words: dict[str, tuple[str, str]]
    is_active: bool = True


TEXTS = (
    ConsentText(
        kind="treatment",
        version=1,
        validity_months=24,
        signed_by="both",
        required_when="always",
        words={
            "es": (
                "Consentimiento informado para el tratamiento",
                (
                    "He sido informado de en qué consiste la psicoterapia y acepto iniciarla. Puedo dejarla "
                    "cuando quiera."
                ),
            ),
            "en": (
                "Informed consent to treatment",
                (
                    "I have been told what psychotherapy consists of and agree to begin it. I may leave it "
                    "whenever I wish."
                ),
            ),
        },
        is_active=False,
    ),
    ConsentText(
        kind="treatment",
        version=2,
        validity_months=24,
        signed_by="both",
        required_when="always",
        words={
            "es": (
                "Consentimiento informado para el tratamiento psicológico",
                (
                    "He sido informado de los objetivos, la duración prevista, los límites y las alternativas "
                    "de la psicoterapia. Sé que lo que cuente es confidencial salvo riesgo grave o mandato "
                    "judicial, que las sesiones se anulan con la antelación acordada y que puedo retirar este "
                    "consentimiento en cualquier momento."
                ),
            ),
            "en": (
                "Informed consent to psychological treatment",
                (
                    "I have been told the aims, the expected length, the limits and the alternatives of "
                    "psychotherapy. I know that what I say is confidential except under grave risk or a "
                    "court's order, that sessions are cancelled with the notice agreed, and that I may "
                    "withdraw this consent at any time."
                ),
            ),
        },
    ),
    ConsentText(
        kind="telehealth",
        version=1,
        validity_months=24,
        signed_by="both",
        required_when="online",
        words={
            "es": (
                "Consentimiento para sesiones por vídeo",
                (
                    "Acepto tener sesiones por videollamada. Estaré en un lugar privado, diré dónde me "
                    "encuentro y dejaré un teléfono por si falla la conexión o hay una urgencia. Nadie "
                    "grabará la sesión."
                ),
            ),
            "en": (
                "Consent to sessions by video",
                (
                    "I agree to sessions by video call. I will be in a private place, say where I am and "
                    "leave a telephone number in case the connection fails or there is an emergency. Nobody "
                    "will record the session."
                ),
            ),
        },
    ),
    ConsentText(
        kind="data_protection",
        version=1,
        validity_months=None,
        signed_by="both",
        required_when="always",
        words={
            "es": (
                "Información sobre protección de datos",
                (
                    "Recibo información sobre quién trata mis datos, con qué fin y base legal, cuánto tiempo "
                    "se conservan y cómo ejercer mis derechos de acceso, rectificación, supresión, limitación "
                    "y portabilidad."
                ),
            ),
            "en": (
                "Information on data protection",
                (
                    "I receive information on who processes my data, for which purpose and on which legal "
                    "basis, how long they are kept, and how to exercise my rights of access, rectification, "
                    "erasure, restriction and portability."
                ),
            ),
        },
    ),
    ConsentText(
        kind="recording",
        version=1,
        validity_months=12,
        signed_by="both",
        required_when="recording",
        words={
            "es": (
                "Consentimiento para grabar sesiones",
                (
                    "Acepto que se graben sesiones para su supervisión clínica. Las grabaciones se borran a "
                    "los seis meses."
                ),
            ),
            "en": (
                "Consent to the recording of sessions",
                (
                    "I agree that sessions are recorded for clinical supervision. Recordings are erased after "
                    "six months."
                ),
            ),
        },
    ),
    ConsentText(
        kind="publication",
        version=1,
        validity_months=60,
        signed_by="both",
        required_when="never",
        words={
            "es": (
                "Consentimiento para publicar un caso",
                ("Acepto que mi caso se describa sin datos que me identifiquen en publicaciones o docencia."),
            ),
            "en": (
                "Consent to the publication of a case",
                ("I agree that my case is described, without data that identify me, in publications or teaching."),
            ),
        },
    ),
    ConsentText(
        kind="contact",
        version=1,
        validity_months=24,
        signed_by="patient",
        required_when="never",
        words={
            "es": (
                "Consentimiento para avisos por correo y SMS",
                "Acepto recibir recordatorios de mis citas por correo electrónico y SMS.",
            ),
            "en": (
                "Consent to notices by e-mail and SMS",
                "I agree to receive reminders of my appointments by e-mail and SMS.",
            ),
        },
    ),
)
