"""What else the machine does while we measure. It is said, and kept with the results: a figure from a machine that is
busy with something else is worth little, and nobody can see that in the figure."""
import os
import resource
import time

OTHERS_MAX = 0.1  # of a processor
STOLEN_MAX = 0.01  # of the time
LOOK_SECONDS = 1.0
BUSY, STOLEN = (0, 1, 2, 5, 6), 7  # of /proc/stat: user, nice, system, irq, softirq


def read_clocks(text, processors):
    """(busy, stolen) in ticks, of these processors together, from the text of /proc/stat"""
    busy = stolen = 0
    for line in text.splitlines():
        name, *ticks = line.split() or [""]
        if name in {f"cpu{number}" for number in processors}:
            busy += sum(int(ticks[index]) for index in BUSY)
            stolen += int(ticks[STOLEN])
    return busy, stolen


def own_seconds():
    """Ours and that of all who were waited for: stop what was started before you ask."""
    return sum(used.ru_utime + used.ru_stime
               for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


class Watch:
    """From its making to `seen`: how much of our processors others used, and how much the host took away."""

    def __init__(self, processors):
        self.processors = set(processors)
        self.load_average = os.getloadavg()[0]
        self.begin = self.look()

    def look(self):
        with open("/proc/stat", encoding="ascii") as file:
            busy, stolen = read_clocks(file.read(), self.processors)
        ticks = os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy / ticks - own_seconds(), stolen / ticks

    def seen(self):
        seconds, others, stolen = (now - then for now, then in zip(self.look(), self.begin))
        return {"others": round(max(others / seconds, 0), 3), "stolen": round(stolen / seconds / len(self.processors), 4),
                "load_average": round(self.load_average, 2)}


def look_around(processors):
    """Before anything of ours runs."""
    watch = Watch(processors)
    time.sleep(LOOK_SECONDS)
    return watch.seen()


def complaints(seen):
    """What of it disturbs, in words; empty on a quiet machine. The load average is told but not judged: it remembers our own
    building."""
    found = []
    if seen["others"] > OTHERS_MAX:
        found.append(f"others used {seen['others']:.2f} of our processors")
    if seen["stolen"] > STOLEN_MAX:
        found.append(f"the host took {seen['stolen']:.1%} of the time")
    return ", ".join(found)
