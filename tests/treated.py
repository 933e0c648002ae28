"""Previous treatments as people write them: what is read, what is refused, and what it names."""

import itertools
import random
from collections.abc import Iterator

from alkpool.data.tables import assessed_inhibitors

NAMES = (*assessed_inhibitors(), "Xalkori", "Alecensa®", "PF-06463922", "NVL-655", "AP26113")
# Between two treatments, and whether they are read as one after the other.
READ_BETWEEN = (", ", "; ", " / ", " -> ", " → ", " => ", " >> ", " ⇒ ", " ➔ ", " > ", " | ",
                " and ", " then ", ", followed by ", "\u00a0→\u00a0")  # fmt: skip
BETWEEN = (
    *READ_BETWEEN, " ", "\n", "  ", " + ", " – ", " - ", ". ", " (PD) ", " (2018-2020). ", " dann ",
    " puis ", " gevolgd door ", " 2. ", " & ", " switched to ", ": ", " (", " [", " but not ", "! ",
    " ↓ ", " ✗ ", " vs. ", " ± ", " +/- ", " q ", " x 3 ", "\t", " 12 mo ",
)  # fmt: skip
DOSES = (
    "", " 600 mg", " 600mg BID", " 100 mg QD", " 250 mg b.i.d.", " 2dd 600 mg", " 1,200 mg/day",
    " 2 x 300 mg daily", " (600 mg twice daily)", " 600 mg, once a day", " 0.5 g/d", " daily",
    " 90→180 mg", " 90 mg -> 180 mg QD", " 1 dd 100 mg", " [250 mg po bid]", " 450 mg q.d.",
)  # fmt: skip
AFTER = ("", ".", " ", ",", "?", " ✗", " (-)", " (PD)", ")", " 12 mo", " not given", " 2021", "*")

# What Python and JavaScript may take for something else: letters, digits, spaces, letter case.
EXOTIC = (
    "\u0345", "\u0661", "٦٠٠ mg", "é", "\ufeff", "\x85", "\x1c", "\u200b", "\u2028", "ſ", "K", "İ",
    "ı", "ß", "Σ", "ς", "TÄGLICH", "ǅ", "\u0301", "½", "²", "m²", "\U0001d400", "µ", "LORBRENA",
    "g", "mg", "/", "d", "12", "q3w", "->", "[", "]", "²/d", "\u180e", "\r\n", "and", "THEN",
)  # fmt: skip


def sequences(number: int) -> Iterator[tuple[str, str, str]]:
    """Text of two treatments, and both names: every joint and dose, other things drawn."""
    drawn, names = random.Random(1202), assessed_inhibitors()
    for between, first, second in itertools.product(BETWEEN, DOSES, DOSES):
        one, other = drawn.sample(names, 2)
        if drawn.random() < number / len(BETWEEN) / len(DOSES) ** 2:
            yield f"{one}{first}{between}{other}{second}{drawn.choice(AFTER)}", one, other


# What one treatment is read as.
TREATED = {
    "alectinib 600 mg BID": "alectinib", "Alecensa (alectinib) 600 mg b.i.d.": "alectinib",
    "Alecensa (alectinib 600 mg twice daily)": "alectinib", "ALECENSA® 2dd600mg": "alectinib",
    "Lorbrena™ 100 mg q.d.": "lorlatinib", "lorlatinib.": "lorlatinib",
    "2 x 600 mg alectinib": "alectinib", "brigatinib 90→180 mg": "brigatinib",
    "brigatinib 90 mg -> 180 mg once daily": "brigatinib", "brigatinib, 180 mg": "brigatinib",
    "pf\u00a006463922": "lorlatinib", "PF‑06463922": "lorlatinib", "daily crizotinib": "crizotinib",
    "cisplatin 75 mg/m2 q3w + pemetrexed 500 mg/m²": "chemotherapy", "X-396 225 mg": "ensartinib",
    "chemo (carboplatin/pemetrexed)": "chemotherapy",
    "pembrolizumab 200 mg IV every 3 weeks": "other", "ceritinib 450 mg/die": "ceritinib",
    "crizotinib 250 mg 2x/day": "crizotinib", "lorlatinib 100\u202fmg 1dd": "lorlatinib",
}  # fmt: skip
# What is refused, and the ALK inhibitors that its message names.
NOT_READ = {
    "alectinib 600 mg BID lorlatinib 100 mg QD": "alectinib, lorlatinib",
    "alectinib 600 mg bid (PD) lorlatinib": "alectinib, lorlatinib",
    "alectinib 600 mg BID – lorlatinib 100 mg": "alectinib, lorlatinib",
    "alectinib 600 mg BID (2018-2020). Lorlatinib 100 mg (2020-2021).": "alectinib, lorlatinib",
    "alectinib 600 mg BID\nLorbrena 100 mg": "alectinib, lorlatinib",
    "1L crizotinib 2L alectinib 3L crizotinib": "crizotinib, alectinib, crizotinib",
    "1. Crizotinib 2. Alectinib": "crizotinib, alectinib",
    "crizotinib dann alectinib": "crizotinib, alectinib",
    "crizotinib gevolgd door PF-06463922": "crizotinib, lorlatinib",
    "crizotinib – alectinib": "crizotinib, alectinib",
    "1) crizotinib 2) alectinib": "crizotinib, alectinib", "alectinib/-": "alectinib",
    "alectinib (lorlatinib/declined)": "alectinib, lorlatinib",
    "brigatinib 90": "brigatinib", "Alecensa (alectinib) since 2019": "alectinib",
    "alectinib + xyz": "alectinib", "alectinib + ": "alectinib", "+alectinib": "alectinib",
    **{f"lorlatinib 100 mg {words}": "lorlatinib" for words in (
        "not given", "declined", "next", "not tolerated", "planned", "?", "✗", "no", "(not given)",
        "(-)", "none", "nicht", "mgé", "QDé", "q", "×",
    )},
    **{f"lorlatinib{sign}": "lorlatinib" for sign in (
        "?", " ✓", " ✗", " (+)", " (-)", " (–)", "*", " -", " +", " ( )", " (?)", " !", " ±", "†",
        "\u0345", " ٦٠٠ mg", " 600 mgé", "é", "\ufeff", "\x85", "\u200b", "\x1c", " 100 mg ✗", "/-",
        "~", " =", "<", "^", "#", "²", " \u0661",
    )},
    **{f"{sign}lorlatinib": "lorlatinib" for sign in ("¬", "?", "-", "–", "~", "non-", "no ", "(")},
    "ſurgery": "", "Κrizotinib": "", "600 mg": "", "(600 mg BID)": "", "QD": "", "carboplatin?": "",
}  # fmt: skip
