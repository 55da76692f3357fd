"""What searches are made of, by language: forms of each theme's head word, modifiers with the intent they
show, and qualifiers.

A pattern's `{}` is the head. Heads stand in the order of `words.THEMES`; the first form of each is the one
that keywords use, the others are plurals, compounds and other spellings of the same thing.
"""

from typing import Literal

Language = Literal["en", "de", "ja"]
INTENTS = {
    "plain": 1.0, "buy": 1.6, "price": 1.3, "compare": 0.9, "local": 1.1, "discount": 0.9, "extras": 1.2, "free": 0.06,
    "jobs": 0.02, "info": 0.1, "repair": 0.05, "do it yourself": 0.05, "used": 0.2, "support": 0.04,
}  # fmt: skip
"""How well searches of an intent convert, against a plain search for the thing."""

HEADS: dict[Language, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("running shoes", "running shoe", "runningshoes"), ("trail jackets", "trail jacket"),
        ("project software", "project management software"), ("crm platform", "crm platforms", "crm"),
        ("office chairs", "office chair", "desk chairs"), ("coffee beans", "coffee bean", "whole bean coffee"),
        ("travel insurance", "travel insurances", "trip insurance"), ("solar panels", "solar panel"),
        ("language course", "language courses", "language class"), ("cloud backup", "cloud backups", "online backup"),
        ("yoga mats", "yoga mat"), ("payroll service", "payroll services", "payroll"),
        ("electric bikes", "electric bike", "e-bike"), ("wine club", "wine clubs", "wine subscription"),
        ("home security", "home security system", "burglar alarm"), ("data warehouse", "data warehouses"),
        ("skin care", "skincare"), ("garden tools", "garden tool", "gardening tools"),
    ),
    "de": (
        ("laufschuhe", "laufschuh", "damenlaufschuhe", "herrenlaufschuhe"), ("trailjacken", "trailjacke", "laufjacke"),
        ("projektsoftware", "projektmanagementsoftware"), ("crm plattform", "crm system", "kundenverwaltungssoftware"),
        ("bürostühle", "bürostuhl", "buerostuhl", "schreibtischstuhl"), ("kaffeebohnen", "kaffeebohne", "espressobohnen"),
        ("reiseversicherung", "reiseversicherungen", "auslandskrankenversicherung"),
        ("solarmodule", "solarmodul", "photovoltaikanlage"), ("sprachkurs", "sprachkurse", "onlinesprachkurs"),
        ("cloud backup", "datensicherung", "onlinedatensicherung"), ("yogamatten", "yogamatte"),
        ("lohnabrechnung", "lohnbuchhaltung", "lohnabrechnungsservice"), ("e-bikes", "e-bike", "elektrofahrrad", "elektrofahrräder"),
        ("weinclub", "weinabo", "weinabonnement"), ("alarmanlage", "alarmanlagen", "hausalarmanlage"),
        ("data warehouse", "datenlager"), ("hautpflege", "gesichtspflege", "hautpflegeprodukte"),
        ("gartengeräte", "gartengerät", "gartenwerkzeuge"),
    ),
    "ja": (
        ("ランニングシューズ", "ジョギングシューズ"), ("トレイルジャケット",), ("プロジェクト管理ソフト", "プロジェクト管理ツール"),
        ("CRMツール", "顧客管理システム"), ("オフィスチェア", "事務椅子"), ("コーヒー豆", "珈琲豆"), ("旅行保険", "海外旅行保険"),
        ("太陽光パネル", "ソーラーパネル"), ("語学講座", "英会話"), ("クラウドバックアップ",), ("ヨガマット",),
        ("給与計算サービス", "給与計算"), ("電動自転車", "電動アシスト自転車"), ("ワイン頒布会", "ワイン定期便"),
        ("ホームセキュリティ", "防犯システム"), ("データウェアハウス",), ("スキンケア",), ("園芸用品", "ガーデニング用品"),
    ),
}  # fmt: skip

MODIFIERS: dict[Language, tuple[tuple[str, str], ...]] = {
    "en": (
        ("buy {}", "buy"), ("order {}", "buy"), ("{} online", "buy"), ("{} shop", "buy"), ("{} for sale", "buy"),
        ("{} price", "price"), ("how much are {}", "price"), ("{} cost", "price"), ("affordable {}", "price"),
        ("best {}", "compare"), ("{} review", "compare"), ("{} reviews", "compare"), ("{} comparison", "compare"),
        ("top 10 {}", "compare"), ("{} alternatives", "compare"), ("{} near me", "local"), ("{} store", "local"),
        ("cheap {}", "discount"), ("{} discount", "discount"), ("{} coupon", "discount"), ("{} black friday", "discount"),
        ("{} free shipping", "extras"), ("{} free returns", "extras"), ("{} free trial", "extras"),
        ("free {}", "free"), ("{} for free", "free"), ("{} free download", "free"), ("{} giveaway", "free"),
        ("{} jobs", "jobs"), ("{} salary", "jobs"), ("{} careers", "jobs"), ("{} internship", "jobs"),
        ("what is {}", "info"), ("how do {} work", "info"), ("{} meaning", "info"), ("{} wikipedia", "info"),
        ("history of {}", "info"), ("how to repair {}", "repair"), ("{} repair", "repair"), ("{} spare parts", "repair"),
        ("diy {}", "do it yourself"), ("make your own {}", "do it yourself"), ("used {}", "used"), ("second hand {}", "used"),
        ("{} rental", "used"), ("{} login", "support"), ("{} customer service", "support"), ("cancel {}", "support"),
    ),
    "de": (
        ("{} kaufen", "buy"), ("{} bestellen", "buy"), ("{} online", "buy"), ("{} shop", "buy"), ("{} preis", "price"),
        ("was kosten {}", "price"), ("{} kosten", "price"), ("beste {}", "compare"), ("{} test", "compare"),
        ("{} testsieger", "compare"), ("{} vergleich", "compare"), ("{} erfahrungen", "compare"), ("{} in der nähe", "local"),
        ("günstige {}", "discount"), ("{} angebot", "discount"), ("{} gutschein", "discount"),
        ("{} kostenloser versand", "extras"), ("{} kostenlos testen", "extras"), ("{} kostenlos", "free"), ("{} gratis", "free"),
        ("{} stellenangebote", "jobs"), ("{} gehalt", "jobs"), ("{} ausbildung", "jobs"), ("was ist {}", "info"),
        ("{} bedeutung", "info"), ("{} wikipedia", "info"), ("{} reparieren", "repair"), ("{} ersatzteile", "repair"),
        ("{} selber machen", "do it yourself"), ("{} gebraucht", "used"), ("{} mieten", "used"), ("{} login", "support"),
        ("{} kundenservice", "support"), ("{} kündigen", "support"),
    ),
    "ja": (
        ("{} 通販", "buy"), ("{}通販", "buy"), ("{} 購入", "buy"), ("{} 価格", "price"), ("{} 値段", "price"),
        ("{} おすすめ", "compare"), ("{}おすすめ", "compare"), ("{} 口コミ", "compare"), ("{} 比較", "compare"),
        ("{} 近く", "local"), ("{} 安い", "discount"), ("{} クーポン", "discount"), ("{} 送料無料", "extras"),
        ("{} 無料体験", "extras"), ("{} 無料", "free"), ("{}無料", "free"), ("{} 求人", "jobs"), ("{} 年収", "jobs"),
        ("{} とは", "info"), ("{}とは", "info"), ("{} 仕組み", "info"), ("{} 修理", "repair"), ("{} 部品", "repair"),
        ("{} 自作", "do it yourself"), ("{} 中古", "used"), ("{} レンタル", "used"), ("{} ログイン", "support"), ("{} 解約", "support"),
    ),
}  # fmt: skip

QUALIFIERS: dict[Language, tuple[str, ...]] = {
    "en": (
        "for men", "for women", "for kids", "for beginners", "for small business", "2026", "black", "blue", "green", "size 42",
        "xl", "london", "new york", "berlin", "chicago", "texas", "lightweight", "premium", "professional", "set of 2",
        "with warranty", "same day", "norvik", "altera", "kestrel", "monthly", "large", "mini", "eco", "gift",
    ),
    "de": (
        "damen", "herren", "kinder", "anfänger", "für kleine unternehmen", "2026", "schwarz", "blau", "größe 42", "xl", "berlin",
        "hamburg", "münchen", "köln", "leicht", "profi", "2er set", "mit garantie", "norvik", "altera", "monatlich", "klein",
        "nachhaltig", "geschenk",
    ),
    "ja": (
        "メンズ", "レディース", "子供", "初心者", "法人", "2026", "黒", "東京", "大阪", "福岡", "軽量", "人気", "保証付き", "ノルヴィク", "即日",
        "小型", "プレゼント",
    ),
}  # fmt: skip
