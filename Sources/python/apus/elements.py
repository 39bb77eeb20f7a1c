"""Symbols and atomic numbers of the elements."""

from .errors import ElementError

SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc "
    "Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi "
    "Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
).split()
NUMBERS = {symbol: index + 1 for index, symbol in enumerate(SYMBOLS)}


def atomic_number(element):
    """Of a symbol; atomic numbers are returned as they are."""
    if not isinstance(element, str):
        return int(element)
    if element not in NUMBERS:
        raise ElementError(f"expected the symbol of an element, found {element!r}")
    return NUMBERS[element]
