"""Records of who came and went -> for how many seconds enough people were inside."""


def solve(lines, a):
    inside, total, before = set(), 0, None
    for line in lines:
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 3 or "" in fields:
            continue
        hours, minutes, seconds = map(int, fields[0].split(":"))
        now = (hours * 60 + minutes) * 60 + seconds
        if before is not None and len(inside) >= a:
            total += (now - before) % 86400
        before = now
        if fields[2] == "in":
            inside.add(fields[1])
        else:
            inside.discard(fields[1])
    return total


def check(lines, a):
    """Live through every second from the first record to the last."""
    moments, day, last = [], 0, -1
    for line in lines:
        clock, name, action = [*line.split(","), "", ""][:3]
        name, action = name.strip(), action.strip()
        if not clock.strip() or not name or not action or line.count(",") != 2:
            continue
        second = int(clock.strip()[:2]) * 3600 + int(clock.strip()[3:5]) * 60 + int(clock.strip()[6:])
        if second < last:
            day += 1
        last = second
        moments.append((86400 * day + second, name, action))
    total, present, number = 0, [], 0
    for second in range(moments[0][0], moments[-1][0]) if moments else ():
        while moments[number][0] <= second:
            _, name, action = moments[number]
            if action == "in" and name not in present:
                present.append(name)
            if action == "out" and name in present:
                present.remove(name)
            number += 1
        total += len(present) >= a
    return total


def read(text):
    return (text.split("\n")[1:-1],)


def write(lines):
    return "\n".join([str(len(lines)), *lines]) + "\n"


def fits(lines):
    clocks = [line.split(",")[0].strip().split(":") for line in lines]
    return (
        1 <= len(lines) <= 1000
        and all(len(line) <= 40 and line.isascii() for line in lines)
        and all(
            clock == [""] or ([len(part) for part in clock] == [2, 2, 2] and clock[0] < "24" and max(clock[1:]) < "60")
            for clock in clocks
        )
    )


def _log(rng, count, names, step, faults):
    """Records in the order of time, so many seconds at most between two of them."""
    lines, now = [], rng.randint(0, 86399)
    for _ in range(count):
        now = (now + rng.choice((0, 1, rng.randint(0, step), rng.randint(0, step)))) % 86400
        fields = [
            f"{now // 3600:02}:{now // 60 % 60:02}:{now % 60:02}",
            f"p{rng.randint(1, names)}",
            rng.choice(("in", "in", "out")),
        ]
        if rng.random() < faults:
            fields[rng.randint(0, 2)] = rng.choice(("", " "))
        if rng.random() < faults:
            fields = fields[:2]
        lines.append(rng.choice((",", ", ", " , ")).join(fields))
    return lines


def inputs(rng, size):
    if size == "edge":
        return [
            (["12:00:00,p1,in"],),
            (["12:00:00,p1,in", "12:00:00,p1,out"],),
            (["23:59:59,p1,in", "00:00:00,p1,out"],),
            (["23:00:00,p1,in", "01:00:00,p2,in", "23:30:00,p3,in", "00:30:00,p4,in", "00:29:59,p1,out"],),
            (["08:00:00,p1,out", "08:00:05,p1,in", "08:00:09,p1,in", "08:00:20,p1,out", "08:01:00,p1,out"],),
            (["08:00:00,p1,in", "09:00:00,,out", "07:00:00,p1,", "10:00:00,p1,out", "11:00:00,p1"],),
            ([",p1,in", "08:00:00,p1"],),
            ([" 08:00:00 , p1 , in ", "08:00:30,p2 ,in", "08:02:00, p3,in", "08:03:00,p4,in", "09:59:59,p2, out"],),
            (["08:00:00,p1,in", "08:00:00,p2,in", "08:00:00,p3,in", "08:00:00,p4,in", "08:00:10,p1,out"],),
            (["08:00:00,p1,in", "08:10:00,p1,in", "08:20:00,p1,in", "08:30:00,p1,in", "08:40:00,p1,in"],),
        ]
    if size == "small":
        return [(_log(rng, rng.randint(2, 12), rng.randint(1, 6), rng.choice((5, 4000)), 0.1),) for _ in range(150)]
    if size == "medium":
        return [(_log(rng, 40, 7, 6000, 0.1),) for _ in range(10)]
    return [(_log(rng, 1000, 9, 86399, 0.02),), (_log(rng, 1000, 300, 80000, 0.1),)]


WRONG = {
    "midnight is not passed": ("(now - before) % 86400", "max(0, now - before)"),
    "time runs backwards": ("(now - before) % 86400", "abs(now - before)"),
    "blanks belong to the name": ("field.strip() for field", "field for field"),
    "missing fields count": ('len(fields) != 3 or "" in fields', "len(fields) != 3"),
    "the clock of ignored records counts": (
        'if len(fields) != 3 or "" in fields:\n            continue',
        'if len(fields) != 3 or "" in fields:\n            if fields[0]:\n'
        '                hours, minutes, seconds = map(int, fields[0].split(":"))\n'
        "                now = (hours * 60 + minutes) * 60 + seconds\n"
        "                if before is not None and len(inside) >= a and now < before:\n"
        "                    total += 86400\n                before = now\n            continue",
    ),
    "more than enough": ("len(inside) >= a", "len(inside) > a"),
    "exactly enough": ("len(inside) >= a", "len(inside) == a"),
    "everybody leaves": ("inside.discard(fields[1])", "inside.clear()"),
    "who comes is there before": (
        "        if before is not None and len(inside) >= a:",
        '        if before is not None and len(inside) + (fields[2] == "in") >= a:',
    ),
}


def wrong_counts_passages(lines, a):
    count, total, before = 0, 0, None
    for line in lines:
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 3 and "" not in fields:
            hours, minutes, seconds = map(int, fields[0].split(":"))
            now = hours * 3600 + minutes * 60 + seconds
            total += (now - before) % 86400 if before is not None and count >= a else 0
            before = now
            count = max(0, count + (1 if fields[2] == "in" else -1))
    return total


def wrong_person_seconds(lines, a):
    found, back = 0, a
    while (more := solve(lines, back)) > 0:
        found, back = found + more, back + 1
    return found


def slow_who_is_inside_is_found_anew(lines, a):
    records = []
    for line in lines:
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 3 and all(fields):
            hours, minutes, seconds = fields[0].split(":")
            records.append((3600 * int(hours) + 60 * int(minutes) + int(seconds), fields[1], fields[2]))
    total = 0
    for number in range(1, len(records)):
        inside = {}
        for _, name, action in records[:number]:
            inside[name] = action == "in"
        if sum(inside.values()) >= a:
            total += (records[number][0] - records[number - 1][0]) % 86400
    return total


def _records(lines):
    """Seconds since the midnight before the first record, names and actions."""
    day, last = 0, 0
    for line in lines:
        clock, name, action = (line.split(",") + [""] * 3)[:3]
        if line.count(",") == 2 and clock.strip() and name.strip() and action.strip():
            second = sum(int(part) * weight for part, weight in zip(clock.split(":"), (3600, 60, 1), strict=True))
            day += second < last
            last = second
            yield day * 86400 + second, name.strip(), action.strip() == "in"


def other_visits(lines, a):
    """Each visit begins and ends; between the sorted moments the number inside stays."""
    came, changes, end = {}, [], 0
    for moment, name, comes in _records(lines):
        end = moment
        if comes:
            came.setdefault(name, moment)
        elif name in came:
            changes += [(came.pop(name), 1), (moment, -1)]
    for moment in came.values():
        changes += [(moment, 1), (end, -1)]
    changes.sort()
    total = level = before = 0
    for moment, change in changes:
        if level >= a:
            total += moment - before
        level += change
        before = moment
    return total


def other_stretches(lines, a):
    """A stretch begins with the person that makes the number enough, and ends with the first that leaves."""
    present, since, total, moment = {}, None, 0, 0
    for moment, name, comes in _records(lines):
        present[name] = comes
        enough = sum(present.values()) >= a
        if enough and since is None:
            since = moment
        if not enough and since is not None:
            total += moment - since
            since = None
    return total + (moment - since if since is not None else 0)


EQUIVALENT = {}
