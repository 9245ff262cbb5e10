"""The codes a new database starts with, labelled in English, German and Russian; a network may add its own."""

ACTIVITIES = {
    "relocation": ("Evacuation and relocation", "Evakuierung und Relocation", "Эвакуация и релокация"),
    "legal_aid": (
        "Legal aid and human rights",
        "Rechtshilfe und Menschenrechte",
        "Правовая помощь и права человека",
    ),
    "prisoners": (
        "Support of political prisoners",
        "Hilfe für politische Gefangene",
        "Помощь политзаключённым",
    ),
    "media": ("Independent media", "Unabhängige Medien", "Независимые медиа"),
    "digital": ("Digital security", "Digitale Sicherheit", "Цифровая безопасность"),
    "civic_education": ("Civic education", "Politische Bildung", "Гражданское просвещение"),
    "elections": ("Election observation", "Wahlbeobachtung", "Наблюдение за выборами"),
    "advocacy": ("Advocacy in the host country", "Fürsprache im Gastland", "Адвокация в стране пребывания"),
    "antiwar": ("Anti-war action", "Antikriegsarbeit", "Антивоенные действия"),
    "help_ukrainians": ("Help to Ukrainians", "Hilfe für Menschen aus der Ukraine", "Помощь украинцам"),
    "equality": (
        "Feminist, LGBTQ+, indigenous",
        "Feminismus, LGBTQ+, Indigene",
        "Феминизм, ЛГБТК+, коренные народы",
    ),
    "memory": (
        "Historical memory and research",
        "Erinnerung und Forschung",
        "Историческая память и исследования",
    ),
    "psychology": ("Psychological help", "Psychologische Hilfe", "Психологическая помощь"),
    "integration": (
        "Integration, language, culture",
        "Integration, Sprache, Kultur",
        "Интеграция, язык, культура",
    ),
    "youth": (
        "Youth and educational trips",
        "Jugend und Bildungsreisen",
        "Молодёжь и образовательные поездки",
    ),
    "philanthropy": ("Diaspora philanthropy", "Philanthropie der Diaspora", "Филантропия диаспоры"),
    "asylum_info": (
        "Aid and information for asylees",
        "Hilfe für neue Asylsuchende",
        "Помощь и информация для беженцев",
    ),
    "business": ("Business networks", "Unternehmensnetze", "Деловые сети"),
    "capacity": ("Capacity building and networks", "Stärkung und Vernetzung", "Развитие и сети"),
}
AUDIENCES = {
    "in_russia": ("People in Russia", "Menschen in Russland", "Люди в России"),
    "new_diaspora": ("New diaspora", "Neue Diaspora", "Новая диаспора"),
    "earlier_diaspora": ("Earlier diaspora", "Frühere Diaspora", "Прежняя диаспора"),
    "at_risk": ("People at risk", "Gefährdete Menschen", "Люди в опасности"),
    "political_prisoners": ("Political prisoners", "Politische Gefangene", "Политзаключённые"),
    "ukrainians": ("Ukrainians", "Menschen aus der Ukraine", "Украинцы"),
    "host_society": ("Host society", "Aufnahmegesellschaft", "Принимающее общество"),
    "policy_makers": ("Policy makers", "Politik", "Политики"),
    "journalists": ("Journalists", "Medienschaffende", "Журналисты"),
    "regional_ethnic": (
        "Regional and ethnic groups",
        "Regionale und ethnische Gruppen",
        "Региональные и этнические группы",
    ),
    "belarusians": ("Belarusian diaspora", "Belarusische Diaspora", "Беларусская диаспора"),
    "young_people": ("Youth", "Jugend", "Молодёжь"),
}
LANGUAGES = {
    "ru": ("Russian", "Russisch", "Русский"),
    "en": ("English", "Englisch", "Английский"),
    "de": ("German", "Deutsch", "Немецкий"),
    "uk": ("Ukrainian", "Ukrainisch", "Украинский"),
    "be": ("Belarusian", "Belarusisch", "Беларусский"),
    "ka": ("Georgian", "Georgisch", "Грузинский"),
    "hy": ("Armenian", "Armenisch", "Армянский"),
    "lt": ("Lithuanian", "Litauisch", "Литовский"),
    "pl": ("Polish", "Polnisch", "Польский"),
    "fr": ("French", "Französisch", "Французский"),
    "tt": ("Tatar", "Tatarisch", "Татарский"),
}
METHODS = {
    "direct_help": ("Direct help", "Direkte Hilfe", "Прямая помощь"),
    "training": ("Training", "Schulung", "Обучение"),
    "publishing": ("Publishing", "Veröffentlichung", "Публикации"),
    "regranting": ("Re-granting", "Weitergabe von Mitteln", "Субгранты"),
    "events": ("Events", "Veranstaltungen", "Мероприятия"),
}
ROUTES = {
    "humanitarian_visa": ("Humanitarian visa", "Humanitäres Visum", "Гуманитарная виза"),
    "freelance_visa": ("Freelance visa", "Visum für freiberufliche Tätigkeit", "Виза фрилансера"),
    "residence": ("Work or other residence", "Arbeits- oder anderer Aufenthalt", "Рабочий или иной ВНЖ"),
    "short_stay_extension": (
        "Extension of a short-stay visa",
        "Verlängerung eines Kurzvisums",
        "Продление визы",
    ),
    "asylum": ("Asylum", "Asyl", "Убежище"),
    "tolerated": ("Tolerated stay", "Duldung", "Отсрочка депортации (Duldung)"),
    "visa_free": ("Visa-free stay", "Visumfreier Aufenthalt", "Безвизовое пребывание"),
    "other": ("Other route", "Anderer Weg", "Другой путь"),
}
FACET_CODES = {"activity": ACTIVITIES, "audience": AUDIENCES, "language": LANGUAGES, "method": METHODS}


def code_rows() -> list[dict[str, object]]:
    """Rows of the `code` table."""
    return [
        dict(
            zip(("label_en", "label_de", "label_ru"), labels, strict=True),
            facet=facet,
            code=code,
            position=position,
        )
        for facet, codes in FACET_CODES.items()
        for position, (code, labels) in enumerate(codes.items())
    ]


def route_rows() -> list[dict[str, object]]:
    """Rows of the `route` table."""
    return [
        {
            "code": code,
            "label_en": en,
            "label_de": de,
            "label_ru": ru,
            "position": position,
        }
        for position, (code, (en, de, ru)) in enumerate(ROUTES.items())
    ]
