"""What ad texts are made of, and by which words their traits are recognised, by language.

`{T}` is the thing that is advertised. A trait is recognised in any text, whoever wrote it, by the words
listed here: an ad that somebody creates through a platform's interface is judged by the same rule as one that
the world began with.
"""

from typing import Literal

AdLanguage = Literal["en", "de", "fr", "ja"]
TRAITS = ("number", "question", "proof", "urgency", "benefit", "audience_fit", "call_to_action", "short")
"""Latent traits of an ad text; `number`, `question` and `short` are recognised by form, the others by words.
"""

THINGS: dict[AdLanguage, tuple[str, ...]] = {
    "en": (
        "running shoes", "trail jackets", "project software", "CRM platform", "office chairs", "coffee beans", "travel insurance",
        "solar panels", "language course", "cloud backup", "yoga mats", "payroll service", "electric bikes", "wine club",
        "home security", "data warehouse", "skin care", "garden tools",
    ),
    "de": (
        "Laufschuhe", "Trailjacken", "Projektsoftware", "CRM-Plattform", "Bürostühle", "Kaffeebohnen", "Reiseversicherung",
        "Solarmodule", "Sprachkurs", "Cloud-Backup", "Yogamatten", "Lohnabrechnung", "E-Bikes", "Weinclub", "Alarmanlage",
        "Data Warehouse", "Hautpflege", "Gartengeräte",
    ),
    "fr": (
        "chaussures de course", "vestes de trail", "logiciel de projet", "plateforme CRM", "chaises de bureau", "café en grains",
        "assurance voyage", "panneaux solaires", "cours de langue", "sauvegarde cloud", "tapis de yoga", "service de paie",
        "vélos électriques", "club de vin", "alarme maison", "entrepôt de données", "soins de la peau", "outils de jardin",
    ),
    "ja": (
        "ランニングシューズ", "トレイルジャケット", "プロジェクト管理", "CRMツール", "オフィスチェア", "コーヒー豆", "旅行保険", "太陽光パネル", "語学講座",
        "クラウドバックアップ", "ヨガマット", "給与計算", "電動自転車", "ワイン定期便", "ホームセキュリティ", "データ基盤", "スキンケア", "園芸用品",
    ),
}  # fmt: skip

HEADLINES: dict[AdLanguage, tuple[str, ...]] = {
    "en": (
        "{T} that last", "Save 20% on {T}", "Try {T} free for 30 days", "Why 4,000 teams chose {T}", "Still comparing {T}?",
        "{T}, delivered tomorrow", "The {T} you will keep", "Get your {T} today", "Rated 4.8 by customers", "{T} for beginners",
        "Only 3 days left", "{T} for busy parents", "Need better {T}?", "Plain {T}, well made", "Order {T} now",
        "Free returns on {T}", "{T} our customers trust", "Built for professionals", "{T}", "Our {T}, explained",
    ),
    "de": (
        "{T}, die halten", "20 % sparen bei {T}", "{T}: 30 Tage kostenlos testen", "Warum 4.000 Teams uns wählen", "Noch am Vergleichen?",
        "{T}, morgen geliefert", "{T} in guter Qualität", "{T} heute bestellen", "Bewertet mit 4,8 von Kunden", "{T} für Anfänger",
        "Nur noch 3 Tage", "{T} für Familien", "Bessere {T} gesucht?", "{T}, solide gemacht", "Jetzt {T} sichern",
        "Gratis Rückversand", "{T}: von Kunden empfohlen", "Für Profis gebaut", "{T}", "Unsere {T} im Überblick",
    ),
    "fr": (
        "{T} qui durent", "Économisez 20 % : {T}", "{T} : 30 jours gratuits", "4 000 équipes nous ont choisis", "Vous comparez encore ?",
        "{T}, livré demain", "{T} de qualité", "Commandez {T} aujourd'hui", "Noté 4,8 par nos clients", "{T} pour débutants",
        "Plus que 3 jours", "{T} pour les familles", "Besoin de mieux ?", "{T}, bien fait", "Essayez {T} maintenant",
        "Retours gratuits", "{T} : nos clients l'adorent", "Conçu pour les professionnels", "{T}", "{T} en bref",
    ),
    "ja": (
        "長く使える{T}", "{T}が20%お得", "{T}を30日間無料で", "4,000社のお客様が選んだ{T}", "{T}をお探しですか？", "{T}を明日お届け", "上質な{T}",
        "本日{T}を始めよう", "お客様満足度4.8", "初心者のための{T}", "残り3日", "ご家族の{T}", "もっと良い{T}は？", "きちんと作った{T}",
        "今すぐ{T}を購入", "返品無料", "お客様に信頼される{T}", "プロのための{T}", "{T}", "{T}のご案内",
    ),
}  # fmt: skip

DESCRIPTIONS: dict[AdLanguage, tuple[str, ...]] = {
    "en": (
        "Free returns within 60 days. Support that answers.", "Set up in ten minutes, cancel whenever you like.",
        "Made to be repaired. Ten years of spare parts.", "Rated 4.7 by people who paid for it.", "Talk to a person, not to a form.",
        "One price, everything included.", "Order today and save on the second one.", "Would you go back after a week?",
        "Trusted by customers in 30 countries.", "Made for beginners and for professionals.",
    ),
    "de": (
        "60 Tage gratis zurückgeben. Ein Kundendienst, der antwortet.", "In zehn Minuten eingerichtet, jederzeit kündbar.",
        "Reparierbar gebaut, mit Ersatzteilen.", "Mit 4,7 bewertet von Kunden, die dafür bezahlt haben.", "Ein Mensch statt eines Formulars.",
        "Ein Preis, alles inbegriffen.", "Heute bestellen und beim zweiten sparen.", "Würden Sie nach einer Woche zurückwollen?",
        "Kunden in 30 Ländern vertrauen uns.", "Für Anfänger und für Profis.",
    ),
    "fr": (
        "Retours gratuits sous 60 jours. Un service qui répond.", "Installé en dix minutes, résiliable à tout moment.",
        "Réparable, avec pièces détachées.", "Noté 4,7 par des clients qui l'ont payé.", "Parlez à une personne, pas à un formulaire.",
        "Un prix, tout compris.", "Commandez aujourd'hui, économisez sur le second.", "Reviendriez-vous en arrière ?",
        "Des clients dans 30 pays nous font confiance.", "Pour les débutants et les professionnels.",
    ),
    "ja": (
        "60日間返品無料。すぐに答えるサポート。", "十分で設定完了、いつでも解約可能。", "修理できる作り。部品も長く供給。", "お客様満足度4.7。",
        "フォームではなく人がお答えします。", "すべて込みの価格。", "本日のご購入で2個目がお得。", "一週間後に元へ戻れますか？", "30か国のお客様に信頼されています。",
        "初心者にもプロにも。",
    ),
}  # fmt: skip

WORDS: dict[str, frozenset[str]] = {
    "proof": frozenset(
        [
            "rated",
            "trusted",
            "customers",
            "teams",
            "people",
            "reviews",
            "award",
            "recommended",
            "bewertet",
            "kunden",
            "teams",
            "empfohlen",
            "testsieger",
            "vertrauen",
            "noté",
            "clients",
            "équipes",
            "confiance",
            "お客様",
            "満足度",
            "信頼",
        ]
    ),
    "urgency": frozenset(
        [
            "today",
            "now",
            "only",
            "left",
            "tomorrow",
            "ends",
            "hurry",
            "heute",
            "jetzt",
            "nur",
            "morgen",
            "endet",
            "aujourd'hui",
            "maintenant",
            "demain",
            "plus",
            "dernier",
            "本日",
            "今すぐ",
            "残り",
            "明日",
        ]
    ),
    "benefit": frozenset(
        [
            "free",
            "save",
            "discount",
            "included",
            "returns",
            "sparen",
            "gratis",
            "kostenlos",
            "inbegriffen",
            "rabatt",
            "économisez",
            "gratuits",
            "gratuit",
            "compris",
            "お得",
            "無料",
            "込み",
        ]
    ),
    "audience_fit": frozenset(
        [
            "beginners",
            "parents",
            "professionals",
            "families",
            "students",
            "freelancers",
            "runners",
            "anfänger",
            "familien",
            "profis",
            "eltern",
            "studenten",
            "débutants",
            "familles",
            "professionnels",
            "étudiants",
            "初心者",
            "ご家族",
            "プロ",
            "法人",
        ]
    ),
    "call_to_action": frozenset(
        [
            "get",
            "try",
            "order",
            "buy",
            "shop",
            "start",
            "book",
            "compare",
            "talk",
            "set",
            "bestellen",
            "testen",
            "sichern",
            "kaufen",
            "starten",
            "entdecken",
            "essayez",
            "commandez",
            "découvrez",
            "achetez",
            "parlez",
            "購入",
            "始めよう",
            "お試し",
            "ください",
        ]
    ),
}
SHORT_COLUMNS = 18
"""A headline of at most so many columns is short; East Asian letters are two columns wide."""
