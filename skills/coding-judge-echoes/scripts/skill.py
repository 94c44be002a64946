"""A text and a count -> how many of its beginnings occur at least that often, and the sum of their lengths."""


def solve(word, k, a):
    n = len(word)
    border = [0] * n
    for i in range(1, n):
        j = border[i - 1]
        while j and word[i] != word[j]:
            j = border[j - 1]
        if word[i] == word[j]:
            j += 1
        border[i] = j
    times = [0] * (n + 1)
    for i in range(n):
        times[border[i]] += 1
    for i in range(n, 0, -1):
        times[border[i - 1]] += times[i]
    found = [i for i in range(a, n + 1) if times[i] + 1 >= k]
    return len(found), sum(found)


def check(word, k, a):
    """Compare every beginning with every place."""
    count = total = 0
    for length in range(a, len(word) + 1):
        hits = 0
        for start in range(len(word) - length + 1):
            hits += word[start : start + length] == word[:length]
        if hits >= k:
            count, total = count + 1, total + length
    return count, total


def read(text):
    k, word = text.split()
    return word, int(k)


def write(word, k):
    return f"{k}\n{word}\n"


def fits(word, k):
    return 1 <= k <= 3000 and 1 <= len(word) <= 3000 and word.isalpha() and word.islower()


def inputs(rng, size):
    if size == "edge":
        words = [("a", 1), ("a", 2), ("abc", 1), ("aa", 2), ("abab", 3000), ("aaaa", 3), ("abab", 2), ("aabaaab", 2)]
        return [*words, ("abcabcabc", 2)]
    if size == "small":
        return [
            ("".join(rng.choice(rng.choice(("ab", "ab", "abc"))) for _ in range(rng.randint(1, 14))), rng.randint(1, 5))
            for _ in range(140)
        ]
    if size == "medium":
        made = []
        for _ in range(20):
            block = "".join(rng.choice("ab") for _ in range(rng.randint(1, 6)))
            made.append((block * rng.randint(2, 15) + block[: rng.randint(0, len(block))], rng.randint(1, 9)))
        return made
    return [
        ("a" * 3000, 1500),
        (("a" * 54 + "b") * 54, 3),
        ("ab" * 1500, 2),
        ("a" * 1500 + "b" + "a" * 1499, 2),
    ]


WRONG = {
    "borders not handed on": ("times[border[i - 1]] += times[i]", "times[border[i - 1]] += 0"),
    "first occurrence forgotten": ("times[i] + 1 >= k", "times[i] >= k"),
    "whole left out": ("range(a, n + 1)", "range(a, n)"),
    "exactly k times": ("times[i] + 1 >= k", "times[i] + 1 == k"),
    "handed on upwards": ("range(n, 0, -1)", "range(1, n + 1)"),
    "falls back once": ("while j and word[i]", "if j and word[i]"),
    "falls back to nothing": ("            j = border[j - 1]", "            j = 0"),
    "endings alone": ("    for i in range(n):\n        times[border[i]] += 1", "    times[border[n - 1]] += 1"),
    "shortest length left out": ("range(a, n + 1)", "range(a + 1, n + 1)"),
}


def wrong_not_overlapping(word, k, a):
    found = [i for i in range(a, len(word) + 1) if word.count(word[:i]) >= k]
    return len(found), sum(found)


def slow_search_each_beginning(word, k, a):
    count = total = 0
    for length in range(a, len(word) + 1):
        hits, start = 0, word.find(word[:length])
        while start >= 0 and hits < k:
            hits += 1
            start = word.find(word[:length], start + 1)
        if hits >= k:
            count, total = count + 1, total + length
    return count, total


def slow_shrinking_list(word, k, a):
    places = list(range(len(word)))
    count = total = 0
    for length in range(1, len(word) + 1):
        places = [i for i in places if i + length <= len(word) and word[i + length - 1] == word[length - 1]]
        if len(places) >= k and length >= a:
            count, total = count + 1, total + length
    return count, total


def other_z_function(word, k, a):
    n = len(word)
    z = [n] + [0] * (n - 1)
    left = right = 0
    for i in range(1, n):
        if i < right:
            z[i] = min(right - i, z[i - left])
        while i + z[i] < n and word[z[i]] == word[i + z[i]]:
            z[i] += 1
        if i + z[i] > right:
            left, right = i, i + z[i]
    return _counted(z, k, a)


def other_hash_and_halving(word, k, a):
    n, prime, base = len(word), (1 << 61) - 1, 911382323
    head, power = [0] * (n + 1), [1] * (n + 1)
    for i in range(n):
        head[i + 1] = (head[i] * base + ord(word[i])) % prime
        power[i + 1] = power[i] * base % prime
    matched = []
    for i in range(n):
        low, high = 0, n - i
        while low < high:
            m = (low + high + 1) // 2
            if (head[i + m] - head[i] * power[m]) % prime == head[m]:
                low = m
            else:
                high = m - 1
        matched.append(low)
    return _counted(matched, k, a)


def _counted(matched, k, a):
    n = len(matched)
    times = [0] * (n + 1)
    for length in matched:
        times[length] += 1
    count = total = hits = 0
    for length in range(n, a - 1, -1):
        hits += times[length]
        if hits >= k:
            count, total = count + 1, total + length
    return count, total


EQUIVALENT = {
    "for i in range(n, 0, -1): 0 -> 1": "The empty beginning gets no count, and is never asked for.",
    "times = [0] * (n + 1): 1 -> 2": "An element more than needed.",
}
