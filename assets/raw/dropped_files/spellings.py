"""Spellings of columns in the platforms' exports, in the languages their interfaces are used in: one table
per platform and field.

A platform renames columns now and then: what is missing here is asked for with a mapping that is proposed.
"""

import re

SHARED = {
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
GOOGLE = {
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
META = {
    "range_start": "reporting starts|berichtsstart|auswertungsbeginn|debut des rapports|debut du rapport|inicio del informe|"
    "inicio dos relatorios|レポート開始日|レポート開始|보고 시작|报告开始日期|報告開始|報告開始日期|inizio della rendicontazione|inizio report|"
    "begin rapportage|rapportage begint|poczatek raportowania|raportowanie od|rapor baslangici|raporlama baslangici|"
    "rapporteringen startar|rapportstart",
    "range_end": "reporting ends|berichtsende|auswertungsende|fin des rapports|fin du rapport|fin del informe|fim dos relatorios|"
    "termino dos relatorios|encerramento dos relatorios|レポート終了日|レポート終了|보고 종료|报告结束日期|報告結束|報告結束日期|"
    "fine della rendicontazione|fine report|einde rapportage|rapportage eindigt|koniec raportowania|raportowanie do|rapor bitisi|"
    "raporlama bitisi|rapporteringen slutar|rapportslut",
    "result_kind": "result indicator|result type|ergebnisindikator|ergebnistyp|indicateur de resultat|type de resultat|"
    "indicador de resultado|indicador de resultados|tipo de resultado|結果インジケーター|結果の種類|결과 표시|결과 유형|成效指标|成效类型|成果指標|"
    "成果類型|indicatore del risultato|tipo di risultato|resultaatindicator|resultaattype|wskaznik wynikow|typ wyniku|sonuc gostergesi|"
    "sonuc turu|resultatindikator|resultattyp",
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
    "conversions": "purchases|kaufe|achats|compras|購入|구매|购买次数|購買次數|acquisti|aankopen|zakupy|satin almalar|kop",
    "conversion_value": "purchases conversion value|purchase conversion value|conversion-wert von kaufen|conversion-wert der kaufe|"
    "valeur de conversion des achats|valor de conversion de compras|valor de conversao de compras|valor de conversao da compra|"
    "購入コンバージョン値|購入のコンバージョン値|구매 전환값|购物转化价值|购买转化价值|購買轉換值",
}
LINKEDIN = {
    "range_start": "start date|startdatum|date de debut|fecha de inicio|data de inicio|開始日|시작일|시작 날짜|开始日期|開始日期|"
    "data di inizio|begindatum|data rozpoczecia|baslangic tarihi",
    "range_end": "end date|enddatum|date de fin|fecha de finalizacion|fecha de fin|data de termino|data final|終了日|종료일|종료 날짜|"
    "结束日期|結束日期|data di fine|einddatum|data zakonczenia|bitis tarihi|slutdatum",
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


MORE: dict[str, dict[str, str]] = {
    "shared": {
        "day": "giorno|dag|dzien|gun|tarih",
        "account_id": "id account|id dell'account|account-id|klant-id|id konta|identyfikator konta|id klienta|hesap kimligi|musteri kimligi|"
        "konto-id|kund-id",
        "account_name": "nome account|nome dell'account|accountnaam|nazwa konta|hesap adi|hesap|kontonamn",
        "currency": "valuta|codice valuta|valutacode|waluta|kod waluty|para birimi|para birimi kodu|valutakod",
        "impressions": "impressioni|vertoningen|vert.|weergaven|wyswietlenia|wysw.|gosterimler|gosterim|goster.|visningar|visn.|exponeringar|exp.",
        "clicks": "clic|klikken|klikniecia|tiklamalar|tiklama|klick",
    },
    "google_ads": {
        "campaign_name": "campagna|kampania|kampanya|kampanj",
        "campaign_id": "id campagna|id della campagna|campagne-id|id kampanii|identyfikator kampanii|kampanya kimligi|kampanj-id",
        "ad_set_name": "gruppo di annunci|advertentiegroep|grupa reklam|reklam grubu|annonsgrupp",
        "ad_set_id": "id gruppo di annunci|advertentiegroep-id|id grupy reklam|identyfikator grupy reklam|reklam grubu kimligi|annonsgrupps-id",
        "ad_name": "annuncio|advertentie|reklama|reklam|annons",
        "ad_id": "id annuncio|advertentie-id|id reklamy|identyfikator reklamy|reklam kimligi|annons-id",
        "spend": "koszt|maliyet|kostnad|cost micros",
        "conversions": "conversioni|conversies|konwersje|donusumler|donusum|konverteringar|konv.",
        "conversion_value": "valore conv.|valore di conversione|conv.waarde|conversiewaarde|wartosc konw.|wartosc konwersji|donusum degeri|"
        "don. degeri|konv.varde|konverteringsvarde",
    },
    "meta_ads": {
        "campaign_name": "nome della campagna|nome campagna|campagnenaam|naam van campagne|nazwa kampanii|kampanya adi|kampanjnamn|kampanjens namn",
        "campaign_id": "id della campagna|id campagna|campagne-id|identyfikator kampanii|kampanya kimligi|kampanj-id",
        "ad_set_name": "nome del gruppo di inserzioni|nome gruppo di inserzioni|naam advertentieset|naam van advertentieset|advertentiesetnaam|"
        "nazwa zestawu reklam|reklam seti adi|annonsuppsattningens namn|namn pa annonsuppsattning",
        "ad_set_id": "id del gruppo di inserzioni|id gruppo di inserzioni|advertentieset-id|identyfikator zestawu reklam|reklam seti kimligi|"
        "annonsuppsattnings-id",
        "ad_name": "nome dell'inserzione|nome inserzione|advertentienaam|naam van advertentie|nazwa reklamy|reklam adi|annonsens namn|annonsnamn",
        "ad_id": "id dell'inserzione|id inserzione|advertentie-id|identyfikator reklamy|reklam kimligi|annons-id",
        "clicks": "clic (tutti)|klikken (alle)|klikken (alles)|klikniecia (wszystkie)|tiklamalar (tumu)|klick (alla)",
        "spend": "importo speso|besteed bedrag|uitgegeven bedrag|wydana kwota|kwota wydana|harcanan tutar|spenderat belopp",
        "conversion_value": "valore di conversione degli acquisti|conversiewaarde van aankopen|aankoopconversiewaarde|"
        "wartosc konwersji zakupow|wartosc konwersji zakupu|satin alma donusum degeri|satin almalar donusum degeri|konverteringsvarde for kop",
    },
    "linkedin_ads": {
        "campaign_name": "nome del gruppo di campagne|nome gruppo di campagne|naam campagnegroep|campagnegroepnaam|nazwa grupy kampanii|"
        "kampanya grubu adi|kampanjgruppens namn|kampanjgruppnamn",
        "campaign_id": "id gruppo di campagne|campagnegroep-id|id grupy kampanii|kampanya grubu kimligi|kampanjgrupps-id",
        "ad_set_name": "nome della campagna|nome campagna|campagnenaam|naam campagne|nazwa kampanii|kampanya adi|kampanjnamn|kampanjens namn",
        "ad_set_id": "id campagna|id della campagna|campagne-id|id kampanii|identyfikator kampanii|kampanya kimligi|kampanj-id",
        "ad_name": "nome della creativita|nome annuncio|naam advertentie|advertentienaam|nazwa reklamy|reklam adi|annonsnamn",
        "ad_id": "id creativita|id annuncio|advertentie-id|id reklamy|reklam kimligi|annons-id",
        "spend": "totale speso|spesa totale|totaal besteed|totale uitgaven|laczne wydatki|suma wydatkow|toplam harcama|totalt spenderat|"
        "total kostnad",
        "conversions": "conversioni|conversies|konwersje|donusumler|konverteringar",
        "conversion_value": "valore totale di conversione|valore di conversione totale|totale conversiewaarde|laczna wartosc konwersji|"
        "toplam donusum degeri|totalt konverteringsvarde",
    },
}
"""The same in Italian, Dutch, Polish, Turkish and Swedish."""
SPENDING = {
    "impressions": "impression",
    "conversions": "total conversions",
    "conversion_value": "total conversion value",
}
OTHERS: dict[str, dict[str, str]] = {
    "microsoft_ads": {
        "day": "gregorian date|time period|timeperiod|date (utc)", "account_id": "account number", "campaign_name": "campaign|campaign name|campaignname",
        "campaign_id": "campaign id|campaignid", "ad_set_name": "ad group|ad group name|adgroupname", "ad_set_id": "ad group id|adgroupid",
        "ad_id": "ad id", "currency": "currencycode", "spend": "spend", "conversions": "conversions|conv.", "conversion_value": "revenue",
    },
    "tiktok_ads": {
        "day": "by day|stat time day", "campaign_name": "campaign name", "campaign_id": "campaign id", "ad_set_name": "ad group name",
        "ad_set_id": "ad group id|adgroup id", "ad_name": "ad name", "ad_id": "ad id", "clicks": "clicks (destination)|clicks (all)",
        "spend": "cost|total cost|spend|amount spent", "conversions": "conversions|conversion", "conversion_value": "total purchase value|total complete payment value",
    },
    "pinterest_ads": {
        "campaign_name": "campaign name|campaign", "campaign_id": "campaign id", "ad_set_name": "ad group name|ad group", "ad_set_id": "ad group id",
        "ad_name": "promoted pin name|ad name|pin promotion name", "ad_id": "promoted pin id|ad id|pin promotion id",
        "spend": "spend in account currency|spend in micro dollar|spend", "clicks": "pin clicks|clicks|total clickthrough",
        "impressions": "paid impressions|total impression|impression 1", "conversions": "total conversions|total checkout|checkout",
        "conversion_value": "total order value|total checkout value in micro dollar|order value",
    },
    "snapchat_ads": {
        "day": "start time", "campaign_name": "campaign name", "campaign_id": "campaign id", "ad_set_name": "ad squad name|ad set name",
        "ad_set_id": "ad squad id|ad set id", "ad_name": "ad name", "ad_id": "ad id", "spend": "amount spent|spend", "impressions": "paid impressions",
        "clicks": "swipe ups|swipes|swipe-ups", "conversions": "purchases|total purchases", "conversion_value": "purchases value|total purchases value",
    },
    "reddit_ads": {
        "campaign_name": "campaign name|campaign", "campaign_id": "campaign id", "ad_set_name": "ad group name|ad group", "ad_set_id": "ad group id",
        "ad_name": "ad name", "ad_id": "ad id", "spend": "amount spent|spend|total spend", "conversions": "purchases|total purchases|conversions",
        "conversion_value": "total purchase value|purchase value",
    },
    "amazon_ads": {
        "campaign_name": "campaign name|campaign|campaigns", "campaign_id": "campaign id", "ad_set_name": "ad group name|ad group", "ad_set_id": "ad group id",
        "currency": "budget currency", "spend": "spend|cost|total cost",
        "conversions": "7 day total orders|14 day total orders|30 day total orders|1 day total orders|purchases|orders",
        "conversion_value": "7 day total sales|14 day total sales|30 day total sales|1 day total sales|sales",
    },
}  # fmt: skip
"""Platforms whose exports are read although they are not operated.

Their exports are English or translated by hand.
"""
SIGNATURES: dict[str, str] = {
    "microsoft_ads": "account number|gregorian date|bid match type|delivered match type|ad distribution|top vs. other|all revenue|timeperiod|"
    "adgroupname|campaignname",
    "tiktok_ads": "by day|stat time day|clicks (destination)|cpc (destination)|ctr (destination)|2-second video views|6-second video views|"
    "real-time conversions|conversion rate (cvr)|cost per 1,000 people reached|cpm (cost per 1,000 impressions) tiktok",
    "pinterest_ads": "pin clicks|pin click rate|promoted pin name|promoted pin id|pin promotion name|pin promotion id|spend in micro dollar|"
    "spend in account currency|pin id",
    "snapchat_ads": "ad squad name|ad squad id|swipe ups|swipes|swipe-ups|swipe up percent|swipe up rate|ecpsu",
    "reddit_ads": "ecpm|upvotes|downvotes|subreddit|community|communities",
    "amazon_ads": "acos|total advertising cost of sales|advertising cost of sales|portfolio name|portfolio|budget currency|customer search term|"
    "advertised asin|advertised sku|purchased asin|asin|units sold|detail page views|new-to-brand purchases|new-to-brand sales|retailer",
}
SIGNATURE_PATTERNS = {
    "amazon_ads": re.compile(r"\d+ day (total|advertised|other|conversion)|.*\bntb\b|.*new-to-brand")
}
FALLBACKS: dict[str, dict[str, str]] = {
    "meta_ads": {
        "clicks": "link clicks|link-klicks|clics sur un lien|clics en el enlace|cliques no link|リンクのクリック|링크 클릭|链接点击量|連結點擊次數|"
        "clic sul link|klikken op link|klikniecia linku|baglanti tiklamalari|lankklick",
        "conversions": "website purchases|website-kaufe|achats sur le site web|compras en el sitio web|compras no site|"
        "results|ergebnisse|resultats|resultados|結果|결과|成效|成果|risultati|resultaten|wyniki|sonuclar|resultat",
        "conversion_value": "website purchases conversion value|conversion-wert von website-kaufen|"
        "valeur de conversion des achats sur le site web|valor de conversion de compras en el sitio web",
    },
}
"""Columns that stand in for a field where its own is not there; which one was used is told."""
