#!/usr/bin/env python3
"""The dependency rule: proto <- platform <- collectors <- agent; proto <- platform <- backend;
proto, platform <- cli, which reads backend/retention as well. Never sideways, never back."""
import re
import subprocess
import sys

MAY_INCLUDE = {
    "proto": {"proto"},
    "platform": {"platform"},
    "collectors": {"proto", "platform", "collectors"},
    "agent": {"proto", "platform", "collectors", "agent"},
    "backend": {"proto", "platform", "backend"},
    "cli": {"proto", "platform", "cli"},
    "tests": {"proto", "platform", "collectors", "agent", "backend", "cli", "tests"},
}
# Pure functions of one folder that another reads as well: rules of agreements, offline.
ALSO = {"cli": ("backend/retention/",)}
# Third-party headers that only some folders may see.
LIMITED = {
    r"^(grpcpp|grpc)/|\.grpc\.pb\.h$": ("agent/transport/", "backend/ingest/", "backend/lifecycle_service/", "backend/operate/", "backend/people/", "backend/tokens/person_authenticator", "backend/query/", "backend/server", "cli/", "tests/", "agent/main.cc", "backend/main.cc"),
    r"^sqlite3\.h$": ("backend/store/sqlite/", "backend/keys/testing/", "tests/"),
    r"^dbus/": ("platform/systemd/",),
    r"^curl/": ("platform/", "backend/archive/"),
    r"^yaml-cpp/": ("agent/config/", "backend/config/", "cli/", "platform/"),
    r"^CLI/": ("agent/", "backend/", "cli/", "tests/"),
    r"^prometheus/": ("backend/metrics/",),
    r"^openssl/": ("proto/", "platform/", "agent/", "backend/archive/", "backend/keys/", "backend/ledger/", "backend/pki/", "backend/store/store_contract_fixture.cc", "backend/tokens/", "cli/verify/", "tests/"),
}


def main():
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.cc", "*.h"], capture_output=True, text=True, check=True).stdout.split()
    findings = []
    for path in files:
        folder = path.split("/")[0]
        if folder not in MAY_INCLUDE or "testdata/" in path:
            continue
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = re.match(r'\s*#include\s+["<]([^">]+)[">]', line)
                if not match:
                    continue
                header = match.group(1)
                target = header.split("/")[0]
                if target in MAY_INCLUDE and target not in MAY_INCLUDE[folder] and not header.startswith(ALSO.get(folder, ())):
                    findings.append(f"{path}:{number}: {folder}/ may not include {header}")
                for pattern, allowed in LIMITED.items():
                    if re.search(pattern, header) and not path.startswith(allowed):
                        findings.append(f"{path}:{number}: {header} may be included only below {', '.join(allowed)}")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
