"""Object names that a careless server gets wrong, and contents for them. The same on every run."""

import hashlib
import unicodedata

MADE_COUNT = 200
NAME_BYTES_MAX = 1024


def made_names() -> list[str]:
    """Two hundred names, all different as bytes, each valid UTF-8 of 1 to 1,024 bytes."""
    signs = list(" +%#&?;~=:@!$'()*,[]|\\^`{}<>\"")
    names = [f"made/sign/a{sign}b" for sign in signs]
    names += [f"made/sign/{sign}" for sign in signs]
    names += [f"made/double/{sign}{sign}.txt" for sign in "+%#&?;~ "]
    names += ["made/a%2Fb", "made/a%20b", "made/a%00b", "made/100%", "made/%", "made/%zz", "made/+%2B+"]
    names += ["made/..", "made/../up", "made/./here", "made/.", "made/...", "made/a/../b", "made/~/x"]
    names += ["made/a//b", "made/.hidden", "made/ space first", "made/space last ", "made/\ttab"]
    names += ["made/a?x=1&y=2#frag", "made/http://host/x?y", "made/C:\\dir\\file", "made/-rf", "made/*"]
    names += ["made/__proto__", "made/constructor", "made/toString", "made/null", "made/undefined"]
    for word in ["é", "ü", "ñ", "Å", "ö", "ệ", "각", "が", "Ω", "ắ"]:
        names += [f"made/nf/{unicodedata.normalize(form, word)}.txt" for form in ("NFC", "NFD")]
    names += [f"made/emoji/{sign}" for sign in ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇨🇭", "👍🏽", "❤️", "🦕.txt"]]
    # U+FF5E is before U+1F600 as UTF-8 and after it as UTF-16.
    names += ["made/order/\uff5e", "made/order/\U0001f600", "made/order/\ue000", "made/order/\uffee"]
    names += ["made/order/a", "made/order/a/b", "made/order/a.b", "made/order/a-b", "made/order/a0"]
    names += ["made/order/A", "made/order/Z", "made/order/z", "made/order/10", "made/order/9"]
    names += ["made/عربى", "made/עברית", "made/中文/文件", "made/日本語", "made/русский", "made/ไทย"]
    names += [_long("made/long/", "x"), _long("made/long/", "é"), _long("made/long/", "😀")]
    names += [_long("made/long/", "%"), _long("made/long/", "a/"), "m"]
    names = list(dict.fromkeys(names))
    names += [f"made/more/{number} & {number * 7}%.bin" for number in range(MADE_COUNT - len(names))]
    assert len(names) == MADE_COUNT, len(names)
    assert all(0 < len(name.encode()) <= NAME_BYTES_MAX for name in names)
    return names


def content_for(name: str, version: int = 0) -> bytes:
    """Bytes that follow from the name: between none and 4,096 of them."""
    seed = hashlib.sha256(f"{version}:{name}".encode()).digest()
    length = int.from_bytes(seed[:2], "big") % 4097
    return (seed * (length // len(seed) + 1))[:length]


def sorted_as_bytes(names) -> list[str]:
    return sorted(names, key=lambda name: name.encode())


def _long(prefix: str, unit: str) -> str:
    room = NAME_BYTES_MAX - len(prefix.encode())
    count = room // len(unit.encode())
    filled = prefix + unit * count
    return filled + "y" * (NAME_BYTES_MAX - len(filled.encode()))
