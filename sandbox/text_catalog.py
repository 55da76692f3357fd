"""The words of the simulated market: names, searches and ad texts, drawn by number."""

THEMES = (
    "running shoes",
    "trail jackets",
    "project software",
    "crm platform",
    "office chairs",
    "coffee beans",
    "travel insurance",
    "solar panels",
    "language course",
    "cloud backup",
    "yoga mats",
    "payroll service",
    "electric bikes",
    "wine club",
    "home security",
    "data warehouse",
    "skin care",
    "garden tools",
)
AUDIENCES = (
    "prospecting",
    "lookalike 1%",
    "retargeting 30d",
    "newsletter",
    "decision makers",
    "small business",
    "enterprise it",
    "new parents",
    "students",
    "city dwellers",
    "hr leads",
    "cart abandoners",
)
REGIONS = ("DE", "AT", "CH", "US", "GB", "FR", "ES", "NL", "JP", "BR")
GOALS = {"sales": "Sales", "leads": "Leads"}
SEARCHES = (
    ("buy {t}", 1.6),
    ("{t}", 1.0),
    ("best {t}", 1.1),
    ("{t} price", 1.3),
    ("cheap {t}", 0.7),
    ("{t} review", 0.8),
    ("{t} near me", 1.1),
    ("free {t}", 0.08),
    ("{t} jobs", 0.02),
    ("what is {t}", 0.1),
    ("used {t}", 0.2),
    ("{t} discount", 1.2),
    ("{t} alternatives", 0.9),
    ("how to repair {t}", 0.05),
)
"""Searches with how well they convert against the ad set's average."""
HEADLINES = (
    "{T} that last",
    "Save 20% on {T}",
    "Try {T} free for 30 days",
    "Why 4,000 teams chose our {T}",
    "Still comparing {T}?",
    "{T}, delivered tomorrow",
    "The {T} you will keep",
    "Get your {T} today",
)
DESCRIPTIONS = (
    "Free returns within 60 days. Support that answers.",
    "Set up in ten minutes, cancel whenever you like.",
    "Made to be repaired. Ten years of spare parts.",
    "Rated 4.7 by people who paid for it.",
    "Talk to a person, not to a form.",
    "One price, everything included.",
)
NEGATIVES = ("jobs", "salary", "free", "diy", "wikipedia")
LABELS = (("protected", 0.04), ("evergreen", 0.2), ("spring sale", 0.1))
"""Labels that people put on campaigns and ad sets at the platform, with how often one carries each."""
