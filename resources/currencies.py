"""How many decimals amounts of a currency have by ISO 4217, wherever amounts are read, shown or written."""

WITHOUT_DECIMALS = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)
THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def decimals_of(currency: str) -> int:
    """How many decimals amounts of that currency have; two for a code that ISO does not single out."""
    return 0 if currency in WITHOUT_DECIMALS else 3 if currency in THREE_DECIMALS else 2
