"""Exports as the three platforms write them in nine languages, with the truth of what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from assets.raw.dropped_files.folder import DroppedFolder, read_folder
from resources.drop_folder import DroppedFile

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIELDS = (
    "day",
    "campaign_name",
    "ad_set_name",
    "impressions",
    "clicks",
    "spend",
    "conversions",
    "conversion_value",
)
HEADERS: dict[tuple[str, str], Sequence[str]] = {
    ("google_ads", "en"): ("Day", "Campaign", "Ad group", "Impr.", "Clicks", "Cost", "Conversions", "Conv. value"),
    ("google_ads", "de"): ("Tag", "Kampagne", "Anzeigengruppe", "Impr.", "Klicks", "Kosten", "Conversions", "Conv.-Wert"),
    ("google_ads", "fr"): ("Jour", "Campagne", "Groupe d'annonces", "Impr.", "Clics", "Coût", "Conversions", "Valeur de conv."),
    ("google_ads", "es"): ("Día", "Campaña", "Grupo de anuncios", "Impr.", "Clics", "Coste", "Conversiones", "Valor conv."),
    ("google_ads", "pt"): ("Dia", "Campanha", "Grupo de anúncios", "Impr.", "Cliques", "Custo", "Conversões", "Valor da conv."),
    ("google_ads", "ja"): ("日", "キャンペーン", "広告グループ", "表示回数", "クリック数", "費用", "コンバージョン", "コンバージョン値"),
    ("google_ads", "ko"): ("일", "캠페인", "광고그룹", "노출수", "클릭수", "비용", "전환", "전환 가치"),
    ("google_ads", "zh-hans"): ("天", "广告系列", "广告组", "展示次数", "点击次数", "费用", "转化次数", "转化价值"),
    ("google_ads", "zh-hant"): ("日期", "廣告活動", "廣告群組", "曝光", "點擊", "費用", "轉換", "轉換價值"),
    ("meta_ads", "en"): ("Day", "Campaign name", "Ad set name", "Impressions", "Clicks (all)", "Amount spent (EUR)", "Purchases", "Purchases conversion value"),
    ("meta_ads", "de"): ("Tag", "Kampagnenname", "Anzeigengruppenname", "Impressionen", "Klicks (alle)", "Ausgegebener Betrag (EUR)", "Käufe", "Conversion-Wert von Käufen"),
    ("meta_ads", "fr"): ("Jour", "Nom de la campagne", "Nom de l'ensemble de publicités", "Impressions", "Clics (tous)", "Montant dépensé (EUR)", "Achats", "Valeur de conversion des achats"),
    ("meta_ads", "es"): ("Día", "Nombre de la campaña", "Nombre del conjunto de anuncios", "Impresiones", "Clics (todos)", "Importe gastado (EUR)", "Compras", "Valor de conversión de compras"),
    ("meta_ads", "pt"): ("Dia", "Nome da campanha", "Nome do conjunto de anúncios", "Impressões", "Cliques (todos)", "Valor usado (EUR)", "Compras", "Valor de conversão de compras"),
    ("meta_ads", "ja"): ("日", "キャンペーン名", "広告セット名", "インプレッション", "クリック(すべて)", "消化金額 (EUR)", "購入", "購入コンバージョン値"),
    ("meta_ads", "ko"): ("일", "캠페인 이름", "광고 세트 이름", "노출", "클릭(전체)", "지출 금액 (EUR)", "구매", "구매 전환값"),
    ("meta_ads", "zh-hans"): ("天", "广告系列名称", "广告组名称", "展示次数", "点击量（全部）", "已花费金额 (EUR)", "购买次数", "购物转化价值"),
    ("meta_ads", "zh-hant"): ("日期", "行銷活動名稱", "廣告組合名稱", "曝光次數", "點擊次數（全部）", "花費金額 (EUR)", "購買次數", "購買轉換值"),
    ("linkedin_ads", "en"): ("Start Date (in UTC)", "Campaign Group Name", "Campaign Name", "Impressions", "Clicks", "Total Spent", "Conversions", "Total Conversion Value"),
    ("linkedin_ads", "de"): ("Startdatum (in UTC)", "Kampagnengruppenname", "Kampagnenname", "Impressions", "Klicks", "Gesamtausgaben", "Conversions", "Gesamter Conversion-Wert"),
    ("linkedin_ads", "fr"): ("Date de début (UTC)", "Nom du groupe de campagnes", "Nom de la campagne", "Impressions", "Clics", "Total dépensé", "Conversions", "Valeur totale de conversion"),
    ("linkedin_ads", "es"): ("Fecha de inicio (UTC)", "Nombre del grupo de campañas", "Nombre de la campaña", "Impresiones", "Clics", "Total gastado", "Conversiones", "Valor total de conversión"),
    ("linkedin_ads", "pt"): ("Data de início (UTC)", "Nome do grupo de campanhas", "Nome da campanha", "Impressões", "Cliques", "Total gasto", "Conversões", "Valor total de conversão"),
    ("linkedin_ads", "ja"): ("開始日 (UTC)", "キャンペーングループ名", "キャンペーン名", "インプレッション", "クリック", "合計利用額", "コンバージョン", "コンバージョン値の合計"),
    ("linkedin_ads", "ko"): ("시작일 (UTC)", "캠페인 그룹 이름", "캠페인 이름", "노출", "클릭", "총 지출", "전환", "총 전환 가치"),
    ("linkedin_ads", "zh-hans"): ("开始日期 (UTC)", "广告系列组名称", "广告系列名称", "展示次数", "点击次数", "总支出", "转化", "总转化价值"),
    ("linkedin_ads", "zh-hant"): ("開始日期 (UTC)", "行銷活動群組名稱", "行銷活動名稱", "曝光次數", "點擊次數", "總支出", "轉換", "總轉換價值"),
}  # fmt: skip
"""Column names as the exports have them, in the order of `FIELDS`."""
COMMAS = {"de", "fr", "es", "pt"}


@dataclass(frozen=True)
class Line:
    """What one line of an export says."""

    day: date
    campaign: str
    ad_set: str
    impressions: int
    clicks: int
    spend: Decimal
    conversions: Decimal = Decimal(0)
    value: Decimal = Decimal(0)


LINES = (
    Line(
        date(2026, 11, 13), "Brand", "Core", 12345, 678, Decimal("1234.56"), Decimal(12), Decimal("2345.67")
    ),
    Line(date(2026, 11, 14), "Brand", "Core", 10020, 501, Decimal("987.65"), Decimal(9), Decimal("1500.00")),
    Line(date(2026, 11, 14), "Prospecting, all", 'Ältere "Käufer"', 400, 7, Decimal("55.10")),
)


def amount(value: Decimal, *, comma: bool, grouped: bool = True) -> str:
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    return text.translate(str.maketrans(",.", ".,")) if comma else text


def cells(line: Line, *, comma: bool) -> list[str]:
    return [
        line.day.isoformat(), line.campaign, line.ad_set, f"{line.impressions}", f"{line.clicks}",
        amount(line.spend, comma=comma), amount(line.conversions, comma=comma), amount(line.value, comma=comma),
    ]  # fmt: skip


def csv_of(rows: Sequence[Sequence[str]], *, delimiter: str = ",") -> str:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in f'{delimiter}"\n') else cell

    return "".join(delimiter.join(map(quoted, row)) + "\r\n" for row in rows)


def dropped(
    text: str | bytes, *, name: str = "export.csv", mapping: str | None = None, at: datetime = NOON
) -> DroppedFile:
    return DroppedFile(name, text.encode() if isinstance(text, str) else text, mapping, at)


def read(*files: DroppedFile) -> DroppedFolder:
    return read_folder(files, pulled_at=NOON)


def said(folder: DroppedFolder, level: str = "ad_set") -> set[tuple[object, ...]]:
    """What a level's table says, by names instead of ids."""
    names = {(r["level"], r["entity_id"]): r["name"] for r in folder.entities.to_pylist()}
    return {
        (
            r["day"], names["campaign", r["campaign_id"]],
            names[level, r[f"{level}_id"]], r["impressions"], r["clicks"], r["spend"],
            r["conversions"], r["conversion_value"],
        )
        for r in folder.days[level].to_pylist()
    }  # fmt: skip


def meant(lines: Sequence[Line]) -> set[tuple[object, ...]]:
    """The same of lines."""
    return {
        (
            line.day, line.campaign, line.ad_set, line.impressions, line.clicks, line.spend,
            float(line.conversions), line.value,
        )
        for line in lines
    }  # fmt: skip
