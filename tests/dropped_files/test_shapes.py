"""Exports in more languages, encodings and marks, of more platforms, and any of them in any shape: the same
figures.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dropped_files.exports import (
    COMMAS,
    HEADERS,
    NOON,
    Line,
    amount,
    csv_of,
    dropped,
    meant,
    read,
    said,
)
from tests.dropped_files.test_line_meaning import days, figures, only_outcome, spend
from tests.examples import examples

LATER_LANGUAGES = {
    ("google_ads", "it"): "Giorno;Campagna;Codice valuta;Impr.;Clic;Costo;Conversioni;Valore conv.",
    ("google_ads", "nl"): "Dag;Campagne;Valutacode;Vert.;Klikken;Kosten;Conversies;Conv.waarde",
    ("google_ads", "pl"): "Dzień;Kampania;Kod waluty;Wyśw.;Kliknięcia;Koszt;Konwersje;Wartość konw.",
    ("google_ads", "tr"): "Gün;Kampanya;Para birimi kodu;Göster.;Tıklamalar;Maliyet;Dönüşümler;Dönüşüm değeri",
    ("google_ads", "sv"): "Dag;Kampanj;Valutakod;Visn.;Klick;Kostnad;Konverteringar;Konv.värde",
    ("meta_ads", "it"): "Giorno;Nome della campagna;Valuta;Impressioni;Clic (tutti);Importo speso;Acquisti;Valore di conversione degli acquisti",
    ("meta_ads", "nl"): "Dag;Campagnenaam;Valuta;Weergaven;Klikken (alle);Besteed bedrag;Aankopen;Conversiewaarde van aankopen",
    ("meta_ads", "pl"): "Dzień;Nazwa kampanii;Waluta;Wyświetlenia;Kliknięcia (wszystkie);Wydana kwota;Zakupy;Wartość konwersji zakupów",
    ("meta_ads", "tr"): "Gün;Kampanya Adı;Para Birimi;Gösterim;Tıklamalar (Tümü);Harcanan Tutar;Satın Almalar;Satın Alma Dönüşüm Değeri",
    ("meta_ads", "sv"): "Dag;Kampanjnamn;Valuta;Visningar;Klick (alla);Spenderat belopp;Köp;Konverteringsvärde för köp",
    ("linkedin_ads", "it"): "Data di inizio (in UTC);Nome del gruppo di campagne;Valuta;Impressioni;Clic;Totale speso;Conversioni;Valore totale di conversione",
    ("linkedin_ads", "nl"): "Begindatum (in UTC);Naam campagnegroep;Valuta;Weergaven;Klikken;Totaal besteed;Conversies;Totale conversiewaarde",
    ("linkedin_ads", "pl"): "Data rozpoczęcia (UTC);Nazwa grupy kampanii;Waluta;Wyświetlenia;Kliknięcia;Łączne wydatki;Konwersje;Łączna wartość konwersji",
    ("linkedin_ads", "tr"): "Başlangıç Tarihi (UTC);Kampanya Grubu Adı;Para Birimi;Gösterimler;Tıklamalar;Toplam Harcama;Dönüşümler;Toplam Dönüşüm Değeri",
    ("linkedin_ads", "sv"): "Startdatum (UTC);Kampanjgruppens namn;Valuta;Visningar;Klick;Totalt spenderat;Konverteringar;Totalt konverteringsvärde",
}  # fmt: skip


@pytest.mark.parametrize(("platform", "language"), LATER_LANGUAGES)
def test_five_more_languages_say_the_same(platform: str, language: str) -> None:
    header = LATER_LANGUAGES[platform, language]
    total = "Totale: account;--;EUR;1.200;30;1.234,56;3,00;50,00\n"
    folder = read(dropped(f"{header}\n03.11.2026;Ricerca;EUR;1.200;30;1.234,56;3,00;50,00\n{total}"))
    assert folder.outcomes[0].status == "read", folder.outcomes[0].message
    row = folder.days["campaign"].to_pylist()[0]
    assert (row["platform"], row["day"], row["impressions"], row["spend"]) == (platform, date(2026, 11, 3), 1200, Decimal("1234.56"))  # fmt: skip
    assert (row["clicks"], row["conversions"], row["conversion_value"]) == (30, 3, 50)


OTHERS = {
    "microsoft_ads": "Gregorian date,Account number,Currency code,Campaign,Ad group,Impressions,Clicks,Spend,Conversions,Revenue\n"
    "2026-11-13,X1,USD,Brand,Core,1000,10,12.50,3,50.00\n",
    "tiktok_ads": "By Day,Campaign name,Ad group name,Cost,Impressions,Clicks (destination),Conversions,Currency\n"
    "2026-11-13,Brand,Core,12.50,1000,10,3,USD\n",
    "pinterest_ads": "Date,Campaign name,Ad group name,SPEND_IN_MICRO_DOLLAR,Impressions,Pin clicks,Total conversions,Currency\n"
    "2026-11-13,Brand,Core,12500000,1000,10,3,USD\n",
    "snapchat_ads": "Start time,Campaign Name,Ad Squad Name,Amount Spent,Paid Impressions,Swipe Ups,Purchases,Currency\n"
    "2026-11-13,Brand,Core,12.50,1000,10,3,USD\n",
    "reddit_ads": "Date,Campaign Name,Ad Group Name,Amount Spent (USD),Impressions,Clicks,eCPM,Purchases\n"
    "2026-11-13,Brand,Core,12.50,1000,10,12.50,3\n",
    "amazon_ads": "Date,Portfolio name,Currency,Campaign Name,Ad Group Name,Impressions,Clicks,Cost Per Click (CPC),Spend,7 Day Total Orders (#),"
    "7 Day Total Sales\n2026-11-13,P,USD,Brand,Core,1000,10,1.25,12.50,3,$50.00\n",
}  # fmt: skip


@pytest.mark.parametrize("platform", OTHERS)
def test_daily_exports_of_other_platforms_load_under_their_own_name(platform: str) -> None:
    folder = read(dropped(OTHERS[platform]))
    assert folder.outcomes[0].status == "read", folder.outcomes[0].message
    (row,) = folder.days["ad_set"].to_pylist()
    assert (row["platform"], row["spend"], row["impressions"], row["clicks"], row["conversions"]) == (platform, Decimal("12.50"), 1000, 10, 3)  # fmt: skip


@pytest.mark.parametrize("header", ["Advertised ASIN,Cost", "Customer Search Term,Cost", "Portfolio name,Total cost", "Ad Squad Name,Amount Spent", "Pin clicks,Cost"])  # fmt: skip
def test_nothing_of_theirs_is_taken_for_one_of_the_three(header: str) -> None:
    folder = read(
        dropped(f"Date,Campaign,Currency code,Impr.,Clicks,{header}\n2026-11-13,Brand,USD,1000,10,x,12.50\n")
    )
    platforms = {row["platform"] for level in folder.days.values() for row in level.to_pylist()}
    assert not platforms & {"google_ads", "meta_ads", "linkedin_ads"}


def test_a_proposed_mapping_takes_no_rate_for_an_amount_and_keeps_the_letters() -> None:
    text = "When,Werbeträger,Avg. cost,Cost per click,Gesamt cost micros\n2026-11-13,A,1.5,0.2,12500000\n"
    _, _, proposal = only_outcome(text).message.partition("it will be read:\n")
    assert "spend: Gesamt cost micros" in proposal
    assert "units: {spend: micros}" in proposal
    assert "Werbeträger" in proposal


def test_a_mapping_states_units_and_two_platforms_in_one_file() -> None:
    text = (
        "When,Where,What,Cost\n2026-11-13,fb,A,12500000\n2026-11-13,google,B,1000000\n2026-11-13,radio,C,1\n"
    )
    mapping = (
        "currency: EUR\nunits: {spend: micros}\naliases: {platform: {fb: meta_ads}}\n"
        "columns: {day: When, platform: Where, campaign_name: What, spend: Cost}\n"
    )
    folder = read(dropped(text, mapping=mapping))
    spends = {row["platform"]: row["spend"] for row in folder.days["campaign"].to_pylist()}
    assert spends == {"meta_ads": Decimal("12.50"), "google_ads": Decimal("1.00")}
    assert folder.outcomes[0].rejected == 1
    refused = only_outcome(text, mapping=mapping.replace("spend: Cost}", "spend: Cost per click}"))
    assert "is a rate or an average" in refused.message


@pytest.mark.parametrize(
    ("encoding", "header", "name", "currency"),
    [
        ("cp932", "日,キャンペーン,通貨コード,表示回数,クリック数,費用", "秋の検索", "JPY"),
        ("gb18030", "天,广告系列,货币代码,展示次数,点击次数,费用", "秋季", "CNY"),
        ("cp949", "일,캠페인,통화 코드,노출수,클릭수,비용", "가을", "KRW"),
        ("cp1250", "Day,Campaign,Currency code,Impr.,Clicks,Cost", "Jesień łódź", "PLN"),
        ("cp1254", "Day,Campaign,Currency code,Impr.,Clicks,Cost", "Güz ışığı", "TRY"),
        ("cp1252", "Day,Campaign,Currency code,Impr.,Clicks,Cost", "Müller Größe", "EUR"),
        ("utf-16", "Day,Campaign,Currency code,Impr.,Clicks,Cost", "Müller", "EUR"),
    ],
)
def test_code_pages_that_do_not_say_what_they_are(
    encoding: str, header: str, name: str, currency: str
) -> None:
    folder = read(dropped(f"{header}\n2026-11-13,{name},{currency},1000,10,1250\n".encode(encoding)))
    assert spend(folder) == 1250, folder.outcomes
    assert name in {row["name"] for row in folder.entities.to_pylist()}


def test_text_that_was_decoded_wrongly_once_is_repaired() -> None:
    text = "Tag;Kampagne;Währungscode;Kosten\n13.11.2026;Müller Größe;EUR;12,50\n".encode().decode("cp1252")
    folder = read(dropped(text))
    assert "Müller Größe" in {row["name"] for row in folder.entities.to_pylist()}


@pytest.mark.parametrize(
    "cell",
    ["١٢٬٣٤٥٫٥٠", "۱۲٬۳۴۵٫۵۰", "\u200f₪12345.50\u200f", "12345.50\u200b", "CA$12,345.50", "A$12,345.50", "S/ 12,345.50", "12,345.50 kr.",
     "₱12,345.50", "12345.50 Kč", "USD 12,345.50", "12'345.50", "12,345.50"],
)  # fmt: skip
def test_amounts_with_marks_signs_and_digits_of_any_script(cell: str) -> None:
    text = f'Day,Campaign,Currency code,Impr.,Cost\n2026-11-13,A,USD,10,"{cell}"\n2026-11-14,A,USD,10,1.50\n'
    assert spend(read(dropped(text))) == Decimal("12347.00")


@pytest.mark.parametrize("cell", ["−15.25", "15.25-", "-€15.25", "€-15.25", "$(15.25)", "(15.25)", "–15.25"])
def test_negative_amounts_however_they_are_signed(cell: str) -> None:
    text = f"Day,Campaign,Currency code,Impr.,Cost\n2026-11-13,A,EUR,10,{cell}\n2026-11-14,A,EUR,10,20.50\n"
    assert spend(read(dropped(text))) == Decimal("5.25")


def test_a_currency_without_decimals_proves_its_thousands() -> None:
    text = 'Day,Campaign,Currency code,Impr.,Cost\n2026-11-13,A,JPY,"12,345","1,250"\n2026-11-14,A,JPY,"13,345","11,250"\n'
    folder = read(dropped(text))
    assert (spend(folder), figures(folder, "impressions")) == (12500, 25690)


def test_days_as_spreadsheets_show_them() -> None:
    text = 'Day,Campaign,Currency code,Cost\n13-Nov-26,A,EUR,1.50\n14/11/2026 00:00,A,EUR,1.50\n"11/15/2026, 12:00 AM",A,EUR,1.50\n'
    assert days(read(dropped(text))) == ["2026-11-13", "2026-11-14", "2026-11-15"]


@pytest.mark.parametrize("platform", ["linkedin_ads", "google_ads"])
def test_days_that_may_be_months_are_asked_for_on_every_platform(platform: str) -> None:
    header = {"linkedin_ads": "Start Date (in UTC),Campaign Group Name,Currency,Total Spent", "google_ads": "Day,Campaign,Currency code,Cost"}[platform]  # fmt: skip
    outcome = only_outcome(header + "\n03/11/2026,G,GBP,10.00\n04/11/2026,G,GBP,10.00\n")
    assert (outcome.status, "date_format" in outcome.message) == ("refused", True)


# Any shape of the same days

LINES = st.lists(
    st.builds(
        Line,
        day=st.dates(date(2026, 11, 1), date(2026, 11, 6)),
        campaign=st.sampled_from(["Brand", "Generic", "NA"]),
        ad_set=st.sampled_from(["One", "Two, large", "All"]),
        impressions=st.integers(0, 10**6),
        clicks=st.integers(0, 1000),
        spend=st.decimals(Decimal("0.01"), 10_000, places=2),
        conversions=st.integers(0, 50).map(Decimal),
        value=st.decimals(0, 10_000, places=2),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda line: (line.day, line.campaign, line.ad_set),
)


@settings(max_examples=examples(25), deadline=None)
@given(data=st.data(), lines=LINES, shape=st.sampled_from(sorted(HEADERS)))
def test_any_shape_of_the_same_days_gives_the_same_tables(
    data: st.DataObject, lines: list[Line], shape: tuple[str, str]
) -> None:
    platform, language = shape
    comma = language in COMMAS
    # Numbers that prove nothing by themselves are asked for; this line proves the marks of the whole file.
    lines = [
        *lines,
        Line(
            date(2026, 11, 7), "Proof", "Marks", 12345, 99, Decimal("1234.56"), Decimal(7), Decimal("2345.67")
        ),
    ]
    is_grouped, has_device = data.draw(st.booleans()), data.draw(st.booleans())
    has_whole = has_device and data.draw(st.booleans())
    header = [*HEADERS[shape], "Currency code", *(["Device"] if has_device else [])]
    rows = []
    for line in lines:
        cells = [
            line.day.isoformat(), line.campaign, line.ad_set, str(line.impressions), str(line.clicks),
            *(amount(value, comma=comma, grouped=is_grouped) for value in (line.spend, line.conversions, line.value)), "EUR",
        ]  # fmt: skip
        if not has_device:
            rows.append(cells)
            continue
        if has_whole:
            rows.append([*cells, "All devices"])
        rows += [
            [*part, device]
            for part, device in zip(_halves(line, comma=comma), ("Mobile", "Computers"), strict=True)
        ]
    order = data.draw(st.permutations(range(len(header))))
    files = data.draw(st.integers(1, 3))
    has_total = data.draw(st.booleans())
    delimiter = data.draw(st.sampled_from([";", "\t"] if comma else [",", ";", "\t"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    dropped_files = []
    for number in range(files):
        own = [row for at, row in enumerate(rows) if at % files == number] if not has_device else rows
        body = [[row[place] for place in order] for row in own]
        if data.draw(st.booleans()):
            body += body[:1]
        if has_total and own:
            total = _total(own, comma=comma)
            body.append([total[place] for place in order])
        preamble = [["A report"], []] if data.draw(st.booleans()) else []
        text = csv_of([*preamble, [header[place] for place in order], *body], delimiter=delimiter)
        at = NOON + timedelta(minutes=data.draw(st.integers(0, 100)))
        mapping = f"platform: {platform}\ndecimal: '{',' if comma else '.'}'\n"
        dropped_files.append(dropped(text.encode(encoding), name=f"{number}.csv", at=at, mapping=mapping))
    if data.draw(st.booleans()):
        dropped_files.append(
            replace(dropped_files[0], name="again.csv", modified_at=NOON - timedelta(days=9))
        )
    assert said(read(*data.draw(st.permutations(dropped_files)))) == meant(lines)


def _total(rows: list[list[str]], *, comma: bool) -> list[str]:
    """A line without a day and names that sums up the figures of these."""
    sums = [sum(_figure(row[place], comma=comma) for row in rows) for place in range(3, 8)]
    counts = [str(int(value)) for value in sums[:2]]
    money = [amount(value, comma=comma, grouped=False) for value in sums[2:]]
    return ["", "", "", *counts, *money, *([""] * (len(rows[0]) - 8))]


def _figure(text: str, *, comma: bool) -> Decimal:
    return Decimal(
        text.translate(str.maketrans(",.", ".,")).replace(",", "") if comma else text.replace(",", "")
    )


def _halves(line: Line, *, comma: bool) -> list[list[str]]:
    """The line divided in two parts that add up to it."""
    parts = []
    for impressions, clicks, spent, conversions, value in (
        (line.impressions // 3, line.clicks // 3, (line.spend / 3).quantize(Decimal("0.01")), line.conversions // 3, (line.value / 3).quantize(Decimal("0.01"))),
        (
            line.impressions - line.impressions // 3, line.clicks - line.clicks // 3, line.spend - (line.spend / 3).quantize(Decimal("0.01")),
            line.conversions - line.conversions // 3, line.value - (line.value / 3).quantize(Decimal("0.01")),
        ),
    ):  # fmt: skip
        figures_of_part = [
            amount(figure, comma=comma, grouped=False) for figure in (spent, conversions, value)
        ]
        parts.append(
            [
                line.day.isoformat(),
                line.campaign,
                line.ad_set,
                str(impressions),
                str(clicks),
                *figures_of_part,
                "EUR",
            ]
        )
    return parts
