"""Invented names in several scripts. None is meant to be, or known to us as, a real organisation."""

from __future__ import annotations

import random
import re
import unicodedata

ENGLISH = (
    "Heron Lantern", "Tamarisk Desk", "Quiet Ferry", "Juniper Ledger", "Open Tundra", "Salt Meadow", "Copper Thimble",
    "Amber Kettle", "Ninth Window", "Paper Icebreaker", "Willow Signal", "Long Corridor", "Inkwell North", "Second Harbour",
    "Walnut Stair", "Blue Samovar", "Marsh Compass", "Violet Platform", "Late Tram", "Cedar Switchboard",
    "Wandering Archive", "Glass Orchard", "Kite Cartographers", "Plain Envelope", "Thaw Assembly",
)  # fmt: skip
RUSSIAN = (
    "Вересковый мост", "Синяя калитка", "Ночной трамвай", "Бумажный ледокол", "Тихая пристань", "Дальний свет окна",
    "Рябиновая почта", "Медный чайник", "Соль и ветер", "Берёзовый телеграф", "Открытая тундра", "Лесной телефон",
    "Журавлиный клин", "Поздний поезд", "Зимний сад", "Письмо с юга", "Каменный причал", "Янтарный ключ",
    "Полынная звезда", "Северный фонарик",
)  # fmt: skip
OTHERS = (
    "Wacholderbrücke", "Stille Fähre", "Nussbaumtreppe", "Kupferkessel", "Spätes Fenster", "Lila Bahnsteig",
    "Gintaro Žibintas", "Tyli Prieplauka", "Dzintara Durvis", "Późny Tramwaj", "Jałowcowy Most", "Papírový Ledoborec",
    "ლურჯი ჭიშკარი", "ნელი ბორანი", "ღვიის ხიდი", "Կապույտ դարպաս", "Դանդաղ լաստանավ", "Գիհու կամուրջ",
    "Kavak Postası", "Tiha Luka", "Lent Tramway", "Encrier du Nord", "Farol Tardío", "Stille Veer",
)  # fmt: skip
KINDS = {
    "relocation": "Passage", "legal_aid": "Legal Desk", "prisoners": "Letters", "media": "Media", "digital": "Shield",
    "civic_education": "School", "elections": "Observers", "advocacy": "Forum", "antiwar": "Action",
    "help_ukrainians": "Help", "equality": "Circle", "memory": "Archive", "psychology": "Listening Room",
    "integration": "House", "youth": "Youth", "philanthropy": "Fund", "asylum_info": "Guide", "business": "Guild",
    "capacity": "Network",
}  # fmt: skip
FUNDERS = (
    "Larkspur", "Fennimore", "Osterholt", "Veldkamp", "Halvorsen-Lind", "Brightmoor", "Calloway Reach", "Dunrowan",
    "Esterházy-Voll", "Glimmerfjord", "Hollowbrook", "Ivarsdotter", "Jasperfield", "Kestrel & Roe", "Lindqvist-Aare",
    "Marrowick", "Norrvik", "Oakhanger", "Penhallow", "Quillfeather", "Rosenkvist", "Silverdale Cross", "Tannenwald",
    "Umberstone", "Vintergata", "Wexcombe", "Yarrowdene", "Zonneveld", "Ashgrove Mere", "Birkenhain",
)  # fmt: skip
FUNDER_KINDS = ("Foundation", "Trust", "Stiftung", "Fund", "Ministry Programme (invented)")
LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ы": "y", "э": "e", "ю": "yu", "я": "ya", "ь": "", "ъ": "",
}  # fmt: skip


def initiative_names(rng: random.Random, activities: list[str]) -> list[str]:
    """One distinct name per main activity, a third of them not in Latin script."""
    stems = [*ENGLISH, *RUSSIAN, *OTHERS]
    names: list[str] = []
    for activity in activities:
        stem = rng.choice(stems)
        name = f"{stem} {KINDS[activity]}" if stem in ENGLISH or stem in names else stem
        while name in names:
            name = f"{rng.choice(stems)} {KINDS[activity]}"
        names.append(name)
    return names


def funder_names(rng: random.Random, count: int) -> list[str]:
    """`count` distinct invented funder names."""
    pairs = [f"{stem} {kind}" for stem in FUNDERS for kind in FUNDER_KINDS]
    return rng.sample(pairs, count)


def slug(name: str, number: int) -> str:
    """A short Latin form for links, distinct by `number`."""
    latin = "".join(LETTERS.get(letter, letter) for letter in name.lower())
    ascii_only = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    return f"{words[:40] or 'initiative'}-{number}"
