#!/usr/bin/env python3
"""Refuses calls that have bitten projects like this one, each with its replacement."""
import re
import subprocess
import sys

# (pattern, paths where it is allowed, replacement)
BANNED = [
    (r"\bstd::sto(i|l|ll|ul|ull|f|d|ld)\s*\(", (), "absl::SimpleAtoi / SimpleAtod: std::stoi throws and skips spaces"),
    (r"\b(atoi|atol|atoll|atof)\s*\(", (), "absl::SimpleAtoi: atoi cannot report an error"),
    (r"\b(getpwnam|getpwuid|getgrnam|getgrgid|getpwent|getspnam)(_r)?\s*\(", (),
     "platform/passwd.h: libc's name service loads plug-ins and answers for the wrong root"),
    (r"\bgethostname\s*\(", (), "read the host's file through FileTree: gethostname answers for the container"),
    (r"\bgetifaddrs\s*\(", (), "read the host's network files through FileTree"),
    (r"\b(gethostbyname|getaddrinfo)\s*\(", (), "let gRPC (c-ares) resolve names"),
    (r"\babsl::Now\s*\(", ("platform/clock.cc",), "an injected rollcall::Clock"),
    (r"\b(std::chrono::(system|steady)_clock::now|clock_gettime|gettimeofday)\s*\(",
     ("platform/clock.cc", "platform/self_usage.cc", "collectors/run_collector.cc", "tests/", "testing/", "_test.cc"), "an injected rollcall::Clock"),
    (r"(?<![\w:.>])time\s*\(\s*(nullptr|NULL|0)\s*\)", (), "an injected rollcall::Clock"),
    (r"(?<![.>])\b(system|popen|execl|execlp|execle|execv|execvp|execvpe|execve|posix_spawnp?)\s*\(",
     ("tests/", "_test.cc", "_live_test.cc", "testing/"), "nothing: the programs never run other programs"),
    (r"\bstd::string_view\b", (), "absl::string_view: Debian 12's Abseil has a type of its own"),
    (r"\bstd::regex\b|#include <regex>", (), "RE2: std::regex is slow and recursive"),
    (r"\babsl::(Mutex|MutexLock|CondVar)\b", (), "std::mutex: the distribution's Abseil hides its locks from ThreadSanitizer"),
    (r"\bstd::(lock_guard|unique_lock|scoped_lock|shared_lock)(<[^>;]*>)?\s*[({]", (), "a lock with a name: a temporary unlocks at once"),
    (r"\b(strcpy|strcat|sprintf|gets|strtok)\s*\(", (), "absl strings: bounds"),
    (r"\b(rand|srand)\s*\(", (), "an injected random generator"),
    (r"\btmpnam\s*\(|\bmktemp\s*\(", (), "mkstemp or mkdtemp"),
    (r"\bthrow\b(?!\s*\()", (), "absl::Status: errors are values"),
    (r"\busing namespace\b", (), "name what is used"),
    (r"#pragma once", (), "an include guard ROLLCALL_PATH_H_"),
    (r"\b(TODO|FIXME|XXX)\b", (), "do it, or open an issue"),
    (r"DO NOT SUBMIT", (), "remove it"),
]

# (pattern, paths where it is banned, paths among them where it is allowed, replacement)
BANNED_BELOW = [
    (r"\b(?!Guarded)\w*Store\b(?!::)", ("backend/query/", "backend/operate/"), ("_test.cc",),
     "GuardedStore: who answers callers reads nothing unguarded"),
]


def strip_comments_and_strings(text):
    """Blanks comments and string literals, keeping line numbers."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    pattern = r'R"(?P<d>[^(\s]{0,16})\((?:.|\n)*?\)(?P=d)"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"' + r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    return re.sub(pattern, blank, text)


def guard_of(path):
    return "ROLLCALL_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"


def main():
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.cc", "*.h"], capture_output=True, text=True, check=True).stdout.split()
    findings = []
    for path in files:
        if "testdata/" in path:
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        code = strip_comments_and_strings(text)
        for pattern, allowed, replacement in BANNED:
            if any(a in path for a in allowed):
                continue
            subject = text if ("TODO" in pattern or "SUBMIT" in pattern or "include" in pattern) else code
            for match in re.finditer(pattern, subject):
                line = subject.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {match.group(0).strip()} is banned; use {replacement}")
        for pattern, below, allowed, replacement in BANNED_BELOW:
            if not path.startswith(below) or any(a in path for a in allowed):
                continue
            for match in re.finditer(pattern, code):
                line = code.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: {match.group(0)} is banned; use {replacement}")
        if path.endswith(".h") and f"#ifndef {guard_of(path)}\n#define {guard_of(path)}\n" not in text:
            findings.append(f"{path}:1: include guard must be {guard_of(path)}")
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                findings.append(f"{path}:{number}: trailing white space")
                break
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
