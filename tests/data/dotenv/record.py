"""Records what npm's dotenv reads in each text of `cases.json`: `python record.py DIRECTORY`, where DIRECTORY holds
`node_modules/dotenv`, such as an installed Flowise. Needs Node on the PATH, or its path in NODE."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).with_name("cases.json")

_PARSE = """
const dotenv = require(require.resolve("dotenv", { paths: [process.argv[1]] }))
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"))
console.log(JSON.stringify(texts.map((text) => dotenv.parse(text))))
"""

TEXTS = [
    "A=1",
    "A=1\nB=2\n",
    "A=1\r\nB=2\r\n",
    "A=1\rB=2",
    "  A = 1  ",
    "export A=1",
    "export  A=1\nexportB=2",
    "A: 1\nB:2\nC : 3",
    "A=",
    "A=\nB=2",
    "A=\n\n\nB=2",
    "A= \nB",
    "A",
    "A B=1",
    "A=b c d",
    "A=1 # comment",
    "A=1# comment",
    "A=#comment",
    "A=b#c",
    "# A=1\nB=2",
    "   # A=1",
    "#A=1",
    "A='b#c'",
    'A="b#c"',
    "A=`b#c`",
    "A='b' # comment",
    "A='b'c",
    "A='b\nc'",
    'A="b\nc"',
    "A=`b\nc`",
    "A='b\\nc'",
    'A="b\\nc\\rd\\te"',
    "A=b\\nc",
    "A=`b\\nc`",
    'A="b\\"c"',
    "A='b\\'c'",
    'A=`it\'s "so"`',
    "A='it is \"so\"'",
    'A="it\'s so"',
    'A="b',
    "A='b\nC=d",
    'A="b\nC=d"',
    'A="b\nC="d',
    "A=' b '",
    'A=" b "',
    "A=$B",
    "A=${B:-c}",
    'B=1\nA="$B"',
    "A=1\nA=2",
    "A=b=c==",
    "A.B=1\nA-B=2\n1A=3",
    "\ufeffA=1",
    "A=\u00a0b\u00a0",
    "A=b\u0085c",
    "A=b\u2028C=d",
    "A=b\x1cc\x1f",
    "\u00e9=1\nA\u00e9=2",
    "KEY='-----BEGIN CERTIFICATE-----\nAAAA\nBBBB==\n-----END CERTIFICATE-----'\nB=1",
    "KEY=-----BEGIN CERTIFICATE-----\nAAAA\nBBBB==\n-----END CERTIFICATE-----\nB=1",
    'KEY="-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"',
    "A=''\nB=\"\"\nC=``",
    "A='\nB=1",
    "A=a'b'c",
    "A='a' 'b'",
    'A="a" # "b"',
    "A='a' # 'b'\nC='d'",
    "A=\\",
    "A==b",
    "=b",
    "A=b;B=c",
    '{"A": 1}',
    "A=yes\tB=no",
    "A\t=\tb",
    "SAMPLE= 1\nOTHER=x #(a | b)",
    "A='x'\n\n# comment with ' quote\nB='y'",
    "A=x # it's\nB='y'",
]


def record(directory: str) -> list[dict[str, str]]:
    """What dotenv returns for each text."""
    node = os.environ.get("NODE", "node")
    ran = subprocess.run(
        [node, "-e", _PARSE, directory], input=json.dumps(TEXTS), capture_output=True, text=True, check=True
    )
    parsed: list[dict[str, str]] = json.loads(ran.stdout)
    return parsed


if __name__ == "__main__":
    parsed = record(sys.argv[1])
    cases = [{"text": text, "parsed": values} for text, values in zip(TEXTS, parsed, strict=True)]
    CASES.write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")
