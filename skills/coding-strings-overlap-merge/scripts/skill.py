"""Words -> one string, each word overlapping the end of the string so far as far as it can."""


def solve(ws: list[str]) -> str:
    merged = ""
    for word in ws:
        size = min(len(word), len(merged))
        while not merged.endswith(word[:size]):
            size -= 1
        merged += word[size:]
    return merged


def steps(ws: list[str]) -> dict[str, object]:
    """How many letters of each word overlap, and the string after each word."""
    merged, overlaps, stages = "", [], []
    for word in ws:
        size = next(n for n in range(len(word), -1, -1) if merged.endswith(word[:n]) and n <= len(merged))
        overlaps.append(size)
        merged += word[size:]
        stages.append(f'"{merged}"')
    return {"overlaps": overlaps, "stages": stages}


def check(ws: list[str]) -> str:
    """The overlap is the last value of the prefix function of word + separator + string."""
    text = ""
    for word in ws:
        joined = word + "\0" + text
        borders = [0] * len(joined)
        for i in range(1, len(joined)):
            border = borders[i - 1]
            while border and joined[i] != joined[border]:
                border = borders[border - 1]
            borders[i] = border + (joined[i] == joined[border])
        text += word[borders[-1] :]
    return text
