"""Finds what can be mutated in a Solidity file. Pure: text in, mutants out."""

import dataclasses
import re
from collections.abc import Callable

# A call that stands alone and refuses by itself.
REQUIRING = re.compile(r"(?<=[;{}\n])\s*((?:_require|_check|require|assert)\w*)\s*\(")
IMPORT = re.compile(r'import\s[^;]*?"([^"]+)"')
IF = re.compile(r"\bif\s*\(")
COMPARISON = re.compile(r"(?<![<>=\-!])(<=|>=|<|>)(?![<>=])")
FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
SIGN = re.compile(r"\s*(\+=|-=)\s*")
HEADER = re.compile(r"\b(?:function\s+(\w+)|(constructor)|modifier\s+(\w+)|(receive|fallback)\s*\()")
UNIT = re.compile(r"\b(?:abstract\s+contract|contract|library)\s+(\w+)")
MODIFIER = re.compile(r"\bmodifier\s+(\w+)\s*(?:\(\s*\))?\s*\{")
# Which of two mutants of the same text is around the other.
RANK = ("modifier", "guard", "sign", "boundary")


@dataclasses.dataclass
class Mutant:
    """One change of one file. `render` makes the text that holds both sides, given its number and the inner texts."""

    kind: str
    begin: int
    end: int
    spans: list[tuple[int, int]]
    render: Callable[[int, list[str]], str]
    change: str
    contract: str = ""
    function: str = ""
    line: int = 0
    number: int = 0
    path: str = ""

    @property
    def name(self) -> str:
        """What tells it from all others of its file, whatever moves around it."""
        return f"{self.contract}.{self.function}: {self.change}"


def mask(text: str) -> str:
    """The same text with comments and assembly blank and strings without their letters, so that places stay."""
    blank = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    masked = blank.sub(lambda m: re.sub(r"[^\n]", " " if m[0][0] == "/" else "_", m[0]), text)
    for found in re.finditer(r"\bassembly\s*(?:\(\s*\))?\s*\{", masked):
        end = closing(masked, found.end() - 1)
        masked = masked[: found.start()] + re.sub(r"[^\n]", " ", masked[found.start() : end]) + masked[end:]
    return masked


def closing(masked: str, at: int) -> int:
    """The place behind the bracket that closes the one at `at`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opened, closed, depth = masked[at], pairs[masked[at]], 0
    for place in range(at, len(masked)):
        depth += (masked[place] == opened) - (masked[place] == closed)
        if depth == 0:
            return place + 1
    raise ValueError(f"no closing {closed} for place {at}")


def find(text: str, modifiers: set[str]) -> list[Mutant]:
    """All mutants of a file; `modifiers` are those that can be left out."""
    masked = mask(text)
    found = [*guards(text, masked), *calls(text, masked), *boundaries(text, masked), *signs(text, masked)]
    found += uses(masked, modifiers)
    functions = [(m.start(), next(filter(None, m.groups()))) for m in HEADER.finditer(masked)]
    units = [(m.start(), m[1]) for m in UNIT.finditer(masked)]
    for mutant in found:
        mutant.function = next((name for at, name in reversed(functions) if at <= mutant.begin), "")
        mutant.contract = next((name for at, name in reversed(units) if at <= mutant.begin), "")
        mutant.line = text.count("\n", 0, mutant.begin) + 1
    inside = [m for m in found if m.contract and m.function]
    return sorted(inside, key=lambda m: (m.begin, -m.end, RANK.index(m.kind)))


def guards(text: str, masked: str) -> list[Mutant]:
    """Every condition of an `if` that reverts; where it is a list of alternatives, each of them."""
    found = []
    for match in IF.finditer(masked):
        opened = match.end() - 1
        closed = closing(masked, opened)
        rest = masked[closed:].lstrip()
        if not re.match(r"(?:\{\s*)?revert\b", rest):
            continue
        for begin, end in alternatives(masked, opened + 1, closed - 1):
            found.append(
                Mutant(
                    kind="guard",
                    begin=begin,
                    end=end,
                    spans=[(begin, end)],
                    render=lambda n, inner: f"(({inner[0]}) && Mutation.isOff({n}))",
                    change="without `" + flat(text[begin:end]) + "`",
                )
            )
    for match in re.finditer(r"\belse(\s+)revert\b", masked):
        found.append(
            Mutant(
                kind="guard",
                begin=match.start(1),
                end=match.end(1),
                spans=[],
                render=lambda n, _: f" if (Mutation.isOff({n})) ",
                change="without `else revert`",
            )
        )
    return found


def alternatives(masked: str, begin: int, end: int) -> list[tuple[int, int]]:
    """The parts of a condition between its outermost `||`."""
    parts, depth, start = [], 0, begin
    for place in range(begin, end):
        depth += (masked[place] in "([{") - (masked[place] in ")]}")
        if depth == 0 and masked.startswith("||", place):
            parts.append((start, place))
            start = place + 2
    parts.append((start, end))
    return [trimmed(masked, *part) for part in parts]


def calls(text: str, masked: str) -> list[Mutant]:
    """Every call of a function that only refuses, where it stands alone."""
    found = []
    for match in REQUIRING.finditer(masked):
        begin = match.start(1)
        end = closing(masked, match.end() - 1)
        after = masked[end:].lstrip()
        if not after.startswith(";"):
            continue
        end = masked.index(";", end) + 1
        found.append(
            Mutant(
                kind="guard",
                begin=begin,
                end=end,
                spans=[(begin, end)],
                render=lambda n, inner: f"if (Mutation.isOff({n})) {inner[0]}",
                change="without `" + flat(text[begin:end]) + "`",
            )
        )
    return found


def uses(masked: str, modifiers: set[str]) -> list[Mutant]:
    """Every use of a modifier in the head of a function."""
    found = []
    for match in re.finditer(r"\bfunction\s+\w+\s*\(", masked):
        begin = closing(masked, match.end() - 1)
        end = min(place for place in (masked.find("{", begin), masked.find(";", begin)) if place != -1)
        for word in re.finditer(r"\b[A-Za-z_]\w*\b", masked[begin:end]):
            if word[0] in modifiers:
                found.append(
                    Mutant(
                        kind="modifier",
                        begin=begin + word.start(),
                        end=begin + word.end(),
                        spans=[],
                        render=lambda n, _, name=word[0]: f"{name}Unless({n})",
                        change=f"without `{word[0]}`",
                    )
                )
    return found


def boundaries(text: str, masked: str) -> list[Mutant]:
    """Every comparison outside of the heads of loops, with its boundary on the other side."""
    loops = [(m.start(), closing(masked, m.end() - 1)) for m in re.finditer(r"\bfor\s*\(", masked)]
    found = []
    for match in COMPARISON.finditer(masked):
        if any(begin < match.start() < end for begin, end in loops):
            continue
        left = operand(masked, match.start(), -1)
        right = operand(masked, match.end(), 1)
        operator = match[1]
        flipped = FLIPPED[operator]
        shown = flat(text[left[0] : right[1]])
        found.append(
            Mutant(
                kind="boundary",
                begin=left[0],
                end=right[1],
                spans=[left, right],
                render=lambda n, inner, was=operator, now=flipped: (
                    f"(Mutation.isOn({n}) ? {inner[0]} {now} {inner[1]} : {inner[0]} {was} {inner[1]})"
                ),
                change=f"`{shown}` with `{flipped}`",
            )
        )
    return found


def operand(masked: str, at: int, step: int) -> tuple[int, int]:
    """The operand that begins (step 1) or ends (step -1) at a place."""
    depth, place = 0, at
    opening, ending = ("([", ")]") if step == 1 else (")]", "([")
    while 0 <= (here := place if step == 1 else place - 1) < len(masked):
        letter = masked[here]
        if letter in opening:
            depth += 1
        elif letter in ending:
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and stops(masked, here, step):
            break
        place += step
    return trimmed(masked, *sorted((at, place)))


def stops(masked: str, here: int, step: int) -> bool:
    """Whether the letter at a place belongs to what ends an operand."""
    if masked[here] in ",;?:={}!":
        return True
    if masked[here] in "&|":
        return masked[here - 1] == masked[here] or masked[here + 1 : here + 2] == masked[here]
    return step == -1 and re.search(r"\breturn\s$", masked[max(0, here - 6) : here + 1]) is not None


def signs(text: str, masked: str) -> list[Mutant]:
    """Every sum that is added to, taken from instead; and the other way round."""
    found = []
    for match in SIGN.finditer(masked):
        at = match.start(1)
        begin = target(masked, match.start())
        end = masked.find(";", match.end())
        if end == -1 or masked.count("(", begin, end) != masked.count(")", begin, end):
            continue
        operator = match[1]
        other = "-=" if operator == "+=" else "+="
        spans = [(begin, at), (match.end(1), end)]
        found.append(
            Mutant(
                kind="sign",
                begin=begin,
                end=end + 1,
                spans=spans,
                render=lambda n, inner, was=operator, now=other: (
                    f"{{ if (Mutation.isOn({n})) {{ {inner[0]}{now}{inner[1]}; }} "
                    f"else {{ {inner[0]}{was}{inner[1]}; }} }}"
                ),
                change="`" + flat(text[begin:end]) + f"` with `{other}`",
            )
        )
    return found


def target(masked: str, end: int) -> int:
    """Where that begins which is assigned to: names, points, and brackets with all that is in them."""
    depth, place = 0, end
    while place > 0:
        letter = masked[place - 1]
        if depth == 0 and not (letter.isalnum() or letter in "_.])"):
            break
        depth += (letter in "])") - (letter in "[(")
        place -= 1
    return place


def render(text: str, mutants: list[Mutant], begin: int = 0, end: int | None = None) -> str:
    """A stretch of text with all its mutants in it; they nest, the outer first in the list."""
    end = len(text) if end is None else end
    out, place = [], begin
    within = [m for m in mutants if begin <= m.begin and m.end <= end]
    while within:
        outer = within.pop(0)
        if outer.begin < place:
            continue
        inner = [m for m in within if outer.begin <= m.begin and m.end <= outer.end]
        within = [m for m in within if m not in inner]
        out.append(text[place : outer.begin])
        out.append(outer.render(outer.number, [render(text, inner, *span) for span in outer.spans]))
        place = outer.end
    out.append(text[place:end])
    return "".join(out)


def twins(text: str) -> str:
    """The file with a twin beside each modifier, which one mutant leaves out."""
    masked = mask(text)
    out, place = [], 0
    for match in MODIFIER.finditer(masked):
        end = closing(masked, match.end() - 1)
        body = text[match.end() : end - 1]
        before, after = body.split("_;")
        twin = f"\n    modifier {match[1]}Unless(uint256 mutant) {{\n        if (Mutation.isOff(mutant)) {{{before}}}"
        twin += f"\n        _;\n        if (Mutation.isOff(mutant)) {{{after}}}\n    }}\n"
        out += [text[place:end], twin]
        place = end
    return "".join([*out, text[place:]])


def own_modifiers(text: str) -> set[str]:
    """Names of the modifiers without parameters that a file declares."""
    return {match[1] for match in MODIFIER.finditer(mask(text))}


def trimmed(masked: str, begin: int, end: int) -> tuple[int, int]:
    """A span without the spaces at its ends."""
    part = masked[begin:end]
    return begin + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))


def flat(text: str) -> str:
    """Code on one line, without comments."""
    return re.sub(r"\s+", " ", re.sub(r"//[^\n]*", "", text)).strip()
