#!/usr/bin/env python3
"""Records real lines out of Debian packages, for the test of false redactions.

  apt-get download PACKAGE...            # in an empty folder
  tests/redaction/record_lines.py FOLDER > tests/redaction/real_lines.tsv

Takes what collectors see of a host: commands and variables of units, commands of crontabs and
scripts, settings. Every line once, at most MOST lines of a package, spread over its files. Lines
of a word or two tell nothing and are left out, so that the rate means something.
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

MOST = 150
SHORTEST = 16
LONGEST = 400
UNIT_KEYS = re.compile(r"^(Exec[A-Za-z]*|Environment|Condition[A-Za-z]*)=(.+)$")
DESKTOP_EXEC = re.compile(r"^(?:Try)?Exec=(.+)$")
# Names and addresses of people have no place in a test.
PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w|©|\(c\)|copyright|author|maintainer|written by|credits", re.IGNORECASE)
CRON_LINE = re.compile(r"^(?:@\w+|\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.+)$")


def joined(text):
    """Lines with those that end in a backslash put together."""
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def script_lines(text):
    for line in joined(text):
        line = line.strip()
        if line and not line.startswith("#"):
            yield "text", line


def unit_lines(text):
    for line in joined(text):
        match = UNIT_KEYS.match(line.strip())
        if not match:
            continue
        yield "text", match.group(2)
        if match.group(1).startswith("Exec"):
            try:
                arguments = shlex.split(match.group(2).lstrip("-+!@:"))
            except ValueError:
                continue
            if len(arguments) > 1:
                yield "argv", "\t".join(arguments)


def cron_lines(text):
    for kind, line in script_lines(text):
        match = CRON_LINE.match(line)
        yield kind, match.group(1) if match else line


def desktop_lines(text):
    for line in text.splitlines():
        match = DESKTOP_EXEC.match(line)
        if match and " " in match.group(1):
            yield "argv", "\t".join(match.group(1).split())


def reader_of(path, text):
    """Who reads such a file; None for what no collector is like."""
    name = str(path)
    if re.search(r"systemd/.*\.(service|timer|socket|mount|conf)$", name):
        return unit_lines
    if "/etc/cron" in name and text[:2] != "#!":
        return cron_lines
    if name.endswith(".desktop"):
        return desktop_lines
    if re.search(r"/(etc/default|sysctl\.d|modprobe\.d|udev/rules\.d|logrotate\.d|profile\.d|sudoers\.d)/", name):
        return script_lines
    if re.match(r"#! *\S*(sh|env (ba)?sh)\b", text[:64]):
        return script_lines
    if re.search(r"/etc/.*\.(conf|cnf|cfg|ini|properties|yml|yaml)$", name):
        return script_lines
    return None


def usable(value):
    plain = value.replace("\t", " ")
    return (SHORTEST <= len(plain) <= LONGEST and re.search(r"[ =]", plain) and plain.isprintable()
            and plain.isascii() and not PERSONAL.search(plain))


def lines_of(root):
    """The package's lines, from its files in turn."""
    queues = []
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink()):
        if path.stat().st_size > 1 << 20:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        reader = reader_of("/" + str(path.relative_to(root)), text)
        if reader is None:
            continue
        values = [(k, v if k == "argv" else " ".join(v.split())) for k, v in reader(text)]
        queues.append([(k, v) for k, v in values if usable(v)])
    while queues:
        for queue in queues:
            if queue:
                yield queue.pop(0)
        queues = [queue for queue in queues if queue]


def main():
    seen = set()
    print("# Reader, package, then a line of one of its files; the arguments of an argv are separated by tabs.")
    print("# Short excerpts of Debian's packages, under the licences in their debian/copyright; see README.md.")
    for deb in sorted(pathlib.Path(sys.argv[1]).glob("*.deb")):
        package = deb.name.split("_")[0]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["dpkg-deb", "-R", deb, folder], check=True)
            taken = 0
            for kind, value in lines_of(pathlib.Path(folder)):
                if taken == MOST:
                    break
                if (kind, value) in seen:
                    continue
                seen.add((kind, value))
                print(kind, package, value, sep="\t")
                taken += 1


main()
