"""How the platforms' exports name their columns, in the languages their interfaces are used in.

One table per platform and field. Spellings are compared without case, accents, white space runs and what stands in
brackets. A platform renames columns now and then: what is missing here is asked for with a mapping that is proposed.
"""

import re
import unicodedata
from collections.abc import Sequence

ENTITY_FIELDS = {
    "campaign": ("campaign_name", "campaign_id"),
    "ad_set": ("ad_set_name", "ad_set_id"),
    "ad": ("ad_name", "ad_id"),
}
METRICS = ("impressions", "clicks", "spend", "conversions", "conversion_value")
FIELDS = (
    "day", "account_id", "account_name", "currency", "campaign_id", "campaign_name", "ad_set_id", "ad_set_name", "ad_id",
    "ad_name", *METRICS,
)  # fmt: skip

_SHARED = {
    "day": "day|date|tag|datum|jour|dia|fecha|data|日|日付|일|날짜|天|日期",
    "account_id": "account id|customer id|kontonummer|konto-id|kundennummer|id du compte|n° client|id de la cuenta|id de cliente|"
    "id da conta|id do cliente|アカウント id|顧客 id|お客様 id|계정 id|고객 id|账号编号|账户编号|帐户编号|客户 id|帳號編號|客戶 id",
    "account_name": "account name|account|kontoname|konto|nom du compte|compte|nombre de la cuenta|cuenta|nome da conta|conta|"
    "アカウント名|アカウント|계정 이름|계정|账户名称|帐户名称|账号名称|账户|帳號名稱|帳戶名稱|帳戶",
    "currency": "currency|currency code|wahrung|wahrungscode|devise|code de devise|moneda|codigo de moneda|moeda|codigo da moeda|"
    "通貨|通貨コード|통화|통화 코드|币种|货币|货币代码|幣別|貨幣|貨幣代碼",
    "impressions": "impressions|impr|impr.|impressionen|impresiones|impressoes|インプレッション|インプレッション数|表示回数|노출|노출수|"
    "展示次数|展示量|曝光|曝光次數|展示次數",
    "clicks": "clicks|klicks|clics|cliques|クリック|クリック数|클릭|클릭수|点击|点击次数|点击量|點擊|點擊次數|點閱次數",
}
_GOOGLE = {
    "campaign_name": "campaign|campaign name|kampagne|campagne|campana|campanha|キャンペーン|캠페인|广告系列|廣告活動",
    "campaign_id": "campaign id|kampagnen-id|id de campagne|id de la campagne|id de campana|id da campanha|キャンペーン id|캠페인 id|"
    "广告系列 id|廣告活動 id",
    "ad_set_name": "ad group|ad group name|anzeigengruppe|groupe d'annonces|grupo de anuncios|広告グループ|광고그룹|广告组|廣告群組",
    "ad_set_id": "ad group id|anzeigengruppen-id|id du groupe d'annonces|id de grupo de anuncios|id del grupo de anuncios|"
    "id do grupo de anuncios|広告グループ id|광고그룹 id|广告组 id|廣告群組 id",
    "ad_name": "ad name|ad|anzeige|annonce|anuncio|広告|광고|广告|廣告",
    "ad_id": "ad id|anzeigen-id|id de l'annonce|id de anuncio|id del anuncio|id do anuncio|広告 id|광고 id|广告 id|廣告 id",
    "spend": "cost|kosten|cout|coste|costo|custo|費用|비용|费用",
    "conversions": "conversions|conv.|conversionen|conversiones|conversoes|コンバージョン|コンバージョン数|전환|전환수|转化|转化次数|轉換|轉換次數",
    "conversion_value": "conv. value|conversion value|total conv. value|conv.-wert|conversion-wert|valeur de conv.|valeur de conversion|"
    "valor conv.|valor de conv.|valor de conversion|valor da conv.|コンバージョン値|전환 가치|전환값|转化价值|轉換價值",
}
_META = {
    "day": _SHARED["day"]
    + "|reporting starts|berichtsstart|auswertungsbeginn|debut des rapports|debut du rapport|inicio del informe|"
    "inicio dos relatorios|レポート開始日|レポート開始|보고 시작|报告开始日期|報告開始|報告開始日期",
    "campaign_name": "campaign name|kampagnenname|name der kampagne|nom de la campagne|nombre de la campana|nome da campanha|"
    "キャンペーン名|キャンペーンの名前|캠페인 이름|广告系列名称|行銷活動名稱",
    "campaign_id": "campaign id|kampagnen-id|id de la campagne|identificador de la campana|id de la campana|identificacao da campanha|"
    "id da campanha|キャンペーン id|캠페인 id|广告系列编号|行銷活動編號",
    "ad_set_name": "ad set name|anzeigengruppenname|name der anzeigengruppe|nom de l'ensemble de publicites|"
    "nombre del conjunto de anuncios|nome do conjunto de anuncios|広告セット名|広告セットの名前|광고 세트 이름|广告组名称|廣告組合名稱",
    "ad_set_id": "ad set id|anzeigengruppen-id|id de l'ensemble de publicites|identificador del conjunto de anuncios|"
    "id del conjunto de anuncios|identificacao do conjunto de anuncios|id do conjunto de anuncios|広告セット id|광고 세트 id|"
    "广告组编号|廣告組合編號",
    "ad_name": "ad name|anzeigenname|name der anzeige|nom de la publicite|nombre del anuncio|nome do anuncio|広告の名前|広告名|광고 이름|"
    "广告名称|廣告名稱",
    "ad_id": "ad id|anzeigen-id|id de la publicite|identificador del anuncio|id del anuncio|identificacao do anuncio|id do anuncio|"
    "広告 id|광고 id|广告编号|廣告編號",
    "clicks": "clicks (all)|klicks (alle)|clics (tous)|clics (todos)|cliques (todos)|クリック (すべて)|クリック(すべて)|클릭(전체)|클릭 (전체)|"
    "点击量（全部）|点击量 (全部)|點擊次數（全部）|點擊次數 (全部)",
    "spend": "amount spent|ausgegebener betrag|betrag ausgegeben|montant depense|importe gastado|valor usado|valor gasto|消化金額|지출 금액|"
    "已花费金额|花费金额|花費金額",
    "conversions": "purchases|results|kaufe|ergebnisse|achats|resultats|compras|resultados|購入|結果|구매|결과|购买次数|成效|購買次數|成果",
    "conversion_value": "purchases conversion value|purchase conversion value|conversion-wert von kaufen|conversion-wert der kaufe|"
    "valeur de conversion des achats|valor de conversion de compras|valor de conversao de compras|valor de conversao da compra|"
    "購入コンバージョン値|購入のコンバージョン値|구매 전환값|购物转化价值|购买转化价值|購買轉換值",
}
_LINKEDIN = {
    "day": _SHARED["day"]
    + "|start date|startdatum|date de debut|fecha de inicio|data de inicio|開始日|시작일|시작 날짜|开始日期|開始日期",
    "campaign_name": "campaign group name|kampagnengruppenname|name der kampagnengruppe|nom du groupe de campagnes|"
    "nombre del grupo de campanas|nome do grupo de campanhas|キャンペーングループ名|캠페인 그룹 이름|广告系列组名称|广告活动组名称|"
    "行銷活動群組名稱|廣告活動群組名稱",
    "campaign_id": "campaign group id|kampagnengruppen-id|id du groupe de campagnes|id del grupo de campanas|id do grupo de campanhas|"
    "キャンペーングループ id|캠페인 그룹 id|广告系列组 id|广告活动组 id|行銷活動群組 id|廣告活動群組 id",
    "ad_set_name": "campaign name|kampagnenname|name der kampagne|nom de la campagne|nombre de la campana|nome da campanha|"
    "キャンペーン名|캠페인 이름|广告系列名称|广告活动名称|行銷活動名稱|廣告活動名稱",
    "ad_set_id": "campaign id|kampagnen-id|id de la campagne|id de la campana|id da campanha|キャンペーン id|캠페인 id|广告系列 id|"
    "广告活动 id|行銷活動 id|廣告活動 id",
    "ad_name": "creative name|ad name|anzeigenname|nom de la publicite|nombre del anuncio|nome do anuncio|クリエイティブ名|広告名|광고 이름|"
    "广告名称|廣告名稱",
    "ad_id": "creative id|ad id|anzeigen-id|id de la publicite|id del anuncio|id do anuncio|クリエイティブ id|広告 id|광고 id|广告 id|廣告 id",
    "spend": "total spent|gesamtausgaben|ausgaben insgesamt|total depense|total gastado|total gasto|合計利用額|合計費用|총 지출|총지출|"
    "总支出|总花费|總支出|總花費",
    "conversions": "conversions|conversionen|conversiones|conversoes|コンバージョン|전환|转化|转化次数|轉換|轉換次數",
    "conversion_value": "total conversion value|conversion value|gesamter conversion-wert|valeur totale de conversion|"
    "valor total de conversion|valor total de conversao|コンバージョン値の合計|총 전환 가치|总转化价值|總轉換價值",
}


def normal(header: str) -> str:
    """A header as it is compared: no accents, one case, single spaces, no byte order mark."""
    text = unicodedata.normalize("NFKD", header.replace("\ufeff", "").replace("\xa0", " "))
    text = "".join(letter for letter in text if not "\u0300" <= letter <= "\u036f")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).casefold().replace("_", " ")).strip(' :"')


def bare(header: str) -> str:
    """The header without what stands in brackets: a currency, a time zone, a unit."""
    return re.sub(r"\s*[(（\[][^)）\]]*[)）\]]\s*$", "", normal(header)).strip()


def _spellings(table: dict[str, str]) -> dict[str, set[str]]:
    return {field: {normal(word) for word in words.split("|")} for field, words in table.items()}


SPELLINGS = {
    "google_ads": _spellings(_SHARED | _GOOGLE),
    "meta_ads": _spellings(_SHARED | _META),
    "linkedin_ads": _spellings(_SHARED | _LINKEDIN),
}
TELLING = {
    "google_ads": ("spend", "ad_set_name", "conversion_value"),
    "meta_ads": ("spend", "ad_set_name", "campaign_name"),
    "linkedin_ads": ("spend", "campaign_name", "campaign_id"),
}
"""Fields whose spelling tells a platform from the others."""
TOTALS = (
    "total",
    "totals",
    "gesamt",
    "summe",
    "gesamtsumme",
    "totaux",
    "totales",
    "totais",
    "合計",
    "総計",
    "합계",
    "총계",
    "总计",
    "總計",
    "合计",
    "總和",
)
WHOLES = (
    "all",
    "alle",
    "alles",
    "tous",
    "toutes",
    "todos",
    "todas",
    "tudo",
    "すべて",
    "全て",
    "전체",
    "全部",
)
"""How a pivot words the line that is about all things of a level together."""
_SCRIPTS = (("ja", "\u3040-\u30ff"), ("ko", "\uac00-\ud7af"), ("zh", "\u4e00-\u9fff"))
_TELLTALES = {
    "de": {
        "kosten",
        "kampagne",
        "tag",
        "datum",
        "klicks",
        "kampagnenname",
        "anzeigengruppe",
        "impressionen",
        "wahrungscode",
    },
    "fr": {"cout", "campagne", "jour", "clics", "nom de la campagne", "groupe d'annonces", "devise"},
    "es": {
        "coste",
        "costo",
        "campana",
        "fecha",
        "clics",
        "nombre de la campana",
        "importe gastado",
        "moneda",
    },
    "pt": {"custo", "campanha", "cliques", "data", "nome da campanha", "valor usado", "moeda"},
}


def columns_of(headers: Sequence[str], platform: str) -> dict[str, int]:
    """Place of each field of ours that a platform's vocabulary finds among the headers; the first match wins."""
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        whole, short = normal(header), bare(header)
        for field, spellings in SPELLINGS[platform].items():
            if field not in found and (whole in spellings or short in spellings):
                found[field] = place
                break
    return found


def language_of(headers: Sequence[str]) -> str:
    """de, fr, es, pt, ja, ko, zh, or en: by script first, then by words that only one of them uses."""
    text = " ".join(headers)
    for language, script in _SCRIPTS:
        if re.search(f"[{script}]", text):
            return language
    words = {bare(header) for header in headers}
    scores = {language: len(words & telltales) for language, telltales in _TELLTALES.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] else "en"
