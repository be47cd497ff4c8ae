#!/usr/bin/python3
"""Writes money.h: decimal texts and what they are as integers, by exact rational arithmetic.

    /usr/bin/python3 tests/vectors/money.py > tests/vectors/money.h
"""
import random
from fractions import Fraction

random.seed(11)
LIMIT = 2**63 - 1


def exact(text):
    """The number as a fraction, without float or decimal context."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, part = mantissa.lstrip("+-").partition(".")
    value = Fraction(int(whole + part or "0"), 10 ** len(part))
    if value != 0:  # 10 to a huge power times nothing is not worth computing
        value *= Fraction(10) ** int(exponent or 0)
    return -value if text.startswith("-") else value


cases = []


def add(text, digits):
    value = round(exact(text) * 10**digits)  # half to even, exactly
    ok = abs(value) <= LIMIT
    cases.append((text, digits, int(ok), value if ok else 0))


for text in ("0", "-0", "0.0", "00012", "1", "-1.5", "+2", ".5", "5.", "0.0000025", "1.33e-05", "3E2",
             "9.223372036854775807", "9.223372036854775808", "-9.223372036854775807",
             "-9.223372036854775808", "9223372036.854775807", "9223372036.8547758074999",
             "9223372036.8547758075", "1e400", "1e-400", "0e999999", "0.000e99999999999",
             "12345678901234567890123456789e-19", "100000000000000000000000e-20", "1e18", "1e-18"):
    for digits in (0, 9, 12):
        add(text, digits)
for digits in (0, 2, 9, 12):  # halves and their neighbours, on both sides of zero
    for sign in ("", "-"):
        for head in ("0", "1", "2", "7", "123456"):
            for tail in ("5", "50000", "49999999999999999999999", "5000000000000000000000001", "51", "4"):
                body = head + "0" * digits
                point = len(body) - digits
                text = sign + body[:point] + "." + body[point:] + tail
                add(text, digits)
                add(text + "e0", digits)
for _ in range(400):
    n = random.randint(1, 40)
    body = "".join(random.choice("0123456789") for _ in range(n))
    cut = random.randint(0, n)
    text = random.choice(("", "-", "+")) + body[:cut] + random.choice(("", ".")) + body[cut:]
    if random.random() < .6:
        text += random.choice("eE") + random.choice(("", "-", "+")) + str(random.randint(0, 25))
    add(text, random.choice((0, 3, 9, 12)))

print("/* Written by money.py: do not edit. One case a line, hence its length. */")
print("#ifndef TESTS_VECTORS_MONEY_H\n#define TESTS_VECTORS_MONEY_H\n\n#include <stdint.h>\n")
print("static const struct {\n    const char *text;\n    int digits, ok;\n    int64_t want;\n} vec_money[] = {")
for text, digits, ok, value in cases:
    print(f'    {{"{text}", {digits}, {ok}, INT64_C({value})}},')
print("};\n\n#endif")
