"""Word lists of the synthetic practice; persons and companies are invented, mail domains cannot exist."""

from __future__ import annotations

FEMALE = (
    "María Carmen Ana Laura Lucía Marta Elena Paula Sara Cristina Isabel Raquel Nuria Silvia Patricia Beatriz Irene "
    "Alba Rocío Pilar Teresa Julia Andrea Claudia Noelia Inés Mónica Eva Rosa Ángela Lorena Sofía Carla Daniela "
    "Valeria Martina Aitana Begoña Esther Gloria Míriam Leire Ainhoa Montserrat Fátima"
).split()
MALE = (
    "Antonio José Manuel Francisco David Javier Daniel Carlos Alejandro Miguel Rafael Pablo Álvaro Sergio Jorge "
    "Fernando Luis Alberto Diego Adrián Iván Rubén Óscar Andrés Ramón Enrique Víctor Jaime Raúl Marcos Hugo Mario "
    "Ignacio Gonzalo Nicolás Martín Lucas Joaquín Xavier Iker Unai Jordi Emilio Guillermo Mohamed"
).split()
SURNAMES = (
    "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
    "Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco "
    "Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés "
    "Castillo Santos Lozano Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León Márquez Herrera Peña Flores "
    "Cabrera Campos Vega Fuentes Carrasco Díez Reyes Caballero Nieto Aguilar Pascual Santana Herrero Lorenzo "
    "Montero Hidalgo Giménez Ibáñez Ferrer Durán Santiago Benítez Mora Vicente Vargas Arias Carmona Crespo Román "
    "Pastor Soto Sáez Velasco Moya Soler Parra Esteban Bravo Gallardo Rojas Zubiri Etxeberria Puig Ferreira"
).split()
STREETS = (
    "Calle Mayor",
    "Calle de Alcalá",
    "Avenida de la Constitución",
    "Calle del Carmen",
    "Plaza de España",
    "Calle San Juan",
    "Calle de la Luna",
    "Paseo del Prado",
    "Calle Real",
    "Calle Nueva",
    "Avenida de América",
    "Calle de los Olmos",
    "Calle del Sol",
    "Ronda de Toledo",
    "Calle Cervantes",
    "Camino Viejo",
    "Calle Goya",
    "Calle de la Fuente",
    "Calle del Río",
    "Avenida del Mediterráneo",
)
CITIES = (
    ("Madrid", "28", "Madrid"),
    ("Alcalá de Henares", "28", "Madrid"),
    ("Getafe", "28", "Madrid"),
    ("Toledo", "45", "Castilla-La Mancha"),
    ("Guadalajara", "19", "Castilla-La Mancha"),
    ("Segovia", "40", "Castilla y León"),
)
PROFESSIONS = (
    "Enfermera",
    "Profesor",
    "Administrativa",
    "Ingeniero",
    "Dependiente",
    "Abogada",
    "Camarero",
    "Autónoma",
    "Informático",
    "Médica",
    "Diseñadora",
    "Conductor",
    "Electricista",
    "Periodista",
    "Jubilado",
    "En desempleo",
    "Estudiante universitaria",
    "Arquitecta",
    "Contable",
    "Funcionario",
)
REFERRALS = ("Médico de familia", "Un conocido", "Búsqueda en internet", "Aseguradora", "Colegio", "Otro profesional")
MAIL_DOMAINS = ("example.org", "example.com", "example.net", "correo.example")
SITES = ("Centro", "Norte", "Río", "Salamanca", "Retiro", "Chamberí", "Moncloa", "Latina")
SPECIALITIES = (
    "Terapia cognitivo-conductual",
    "Terapia sistémica",
    "Psicodinámica",
    "Infancia y adolescencia",
    "Trauma y EMDR",
    "Terapia de pareja",
)
RELATIONS = ("Madre", "Padre", "Pareja", "Hermana", "Hermano", "Hija", "Amigo")
