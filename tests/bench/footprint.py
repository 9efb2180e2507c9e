#!/usr/bin/env python3
"""Memory and CPU of a real agent against a real backend on loopback.

usage: tests/bench/footprint.py [--bin build/release/bin] [--idle-seconds 120]
       [--processes 1000] [--packages 2000] [--json]

Prints, and compares with the goals:
  idle    PSS and share of a core, every collector at its default interval
  sweep   highest PSS and RSS while all collectors run once over a host with that many
          processes and packages (needs root: the packages are bound over a private root)
"""
import argparse
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

GOALS = {"idle_pss_mb": 16.0, "idle_cpu_percent": 0.1, "sweep_peak_pss_mb": 30.0}


def smaps(pid):
    """PSS in kB."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def status_kb(pid, key):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(seconds, condition, what, each=lambda: None, pause=0.1):
    end = time.monotonic() + seconds
    while not condition():
        each()
        if time.monotonic() > end:
            sys.exit(f"gave up after {seconds} s waiting for {what}")
        time.sleep(pause)


class Deployment:
    def __init__(self, bin_dir, folder):
        self.bin, self.folder = bin_dir, folder
        self.data = f"{folder}/backend"
        run = subprocess.run([f"{bin_dir}/rollcall-backend", "init", "--data-dir", self.data, "--tenant", "bench", "--server-name",
                              "localhost", "--address", "127.0.0.1", "--agents", "1", "--operator", "bench"], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(run.stdout + run.stderr)
        port_file = f"{folder}/port"
        self.backend = subprocess.Popen([f"{bin_dir}/rollcall-backend", "serve", "--data-dir", self.data, "--listen", "127.0.0.1:0",
                                         "--port-file", port_file], stderr=open(f"{folder}/backend.log", "w"))
        wait_for(30, lambda: os.path.exists(port_file) and open(port_file).read().strip(), "the backend")
        self.port = open(port_file).read().strip()
        self.agent = None

    def certificate(self, what):
        return [p for p in glob.glob(f"{self.data}/pki/{what}/**/*.crt", recursive=True) if not p.endswith("/ca.crt")][0]

    def start_agent(self, root):
        cert = self.certificate("agents")
        config = f"{self.folder}/agent.yaml"
        with open(config, "w") as file:
            file.write(f"""root: {root}
state_dir: {self.folder}/agent
status_socket: {self.folder}/agent.sock
first_inventory_within: 0s
backend:
  addresses: ["127.0.0.1:{self.port}"]
  server_name: localhost
  first_contact_within: 0s
tls:
  ca: {self.data}/pki/ca.crt
  cert: {cert}
  key: {cert[:-4]}.key
""")
        self.agent = subprocess.Popen([f"{self.bin}/rollcall-agent", "run", "--config", config], stderr=open(f"{self.folder}/agent.log", "a"))
        return self.agent.pid

    def complete(self):
        cert = self.certificate("operators")
        listed = subprocess.run([f"{self.bin}/rollcall-agent", "collect", "--list"], capture_output=True, text=True).stdout
        collectors = [line.split()[0] for line in listed.splitlines()[1:] if line.strip()]
        return subprocess.run([f"{self.bin}/rollcall", "--server", f"127.0.0.1:{self.port}", "--server-name", "localhost", "--ca",
                               f"{self.data}/pki/ca.crt", "--cert", cert, "--key", cert[:-4] + ".key", "status", "--check", "--collectors",
                               ",".join(collectors)], capture_output=True).returncode == 0

    def stop(self):
        for process in (self.agent, self.backend):
            if process is not None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def private_root(folder, packages):
    """A root with this machine's /proc and /sys and a dpkg database of our own."""
    root = f"{folder}/root"
    for name in ("proc", "sys", "etc", "usr", "var/lib/dpkg"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    for name in ("proc", "sys", "etc", "usr"):
        subprocess.run(["mount", "--rbind", f"/{name}", f"{root}/{name}"], check=True)
    with open(f"{root}/var/lib/dpkg/status", "w") as file:
        for i in range(packages):
            file.write(f"Package: package-{i:05d}\nStatus: install ok installed\nPriority: optional\nSection: libs\n"
                       f"Installed-Size: {i + 100}\nMaintainer: Some Maintainers <maintainers-{i % 50}@example.org>\n"
                       f"Architecture: amd64\nMulti-Arch: same\nSource: source-{i // 3}\nVersion: {i % 9}.{i % 20}.{i}-{i % 5}+deb12u1\n"
                       f"Depends: libc6 (>= 2.34), package-{(i + 1) % packages:05d}\nDescription: package number {i} of many\n"
                       f" A longer text that says what the package is good for, as packages have it.\n"
                       f"Homepage: https://example.org/package-{i}\n\n")
    return root


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--idle-seconds", type=int, default=120)
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--packages", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root: it makes a mount namespace of its own")
    if os.environ.get("ROLLCALL_FOOTPRINT_INSIDE") != "1":
        os.environ["ROLLCALL_FOOTPRINT_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable] + sys.argv)
    arguments.bin = os.path.abspath(arguments.bin)
    folder = tempfile.mkdtemp(prefix="rollcall_footprint_")
    result = {}
    sleepers = []
    deployment = Deployment(arguments.bin, folder)
    try:
        root = private_root(folder, arguments.packages)
        sleepers = [subprocess.Popen(["sleep", "100000"]) for _ in range(arguments.processes)]
        pid = deployment.start_agent(root)
        peak = {"pss": 0}
        last_check = [0.0]

        def sample():
            peak["pss"] = max(peak["pss"], smaps(pid))

        def complete():
            if time.monotonic() - last_check[0] < 1:
                return False
            last_check[0] = time.monotonic()
            return deployment.complete()

        wait_for(120, complete, "a complete inventory", each=sample, pause=0.01)
        result["sweep_peak_pss_mb"] = peak["pss"] / 1024
        result["sweep_peak_rss_mb"] = status_kb(pid, "VmHWM") / 1024
        time.sleep(5)
        before, started = cpu_seconds(pid), time.monotonic()
        time.sleep(arguments.idle_seconds)
        elapsed = time.monotonic() - started
        result["idle_cpu_percent_1000_processes"] = 100 * (cpu_seconds(pid) - before) / elapsed
        result["idle_pss_mb_1000_processes"] = smaps(pid) / 1024
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        sleepers = []
        deployment.agent.send_signal(signal.SIGTERM)
        deployment.agent.wait(30)
        pid = deployment.start_agent("/")
        last_check[0] = time.monotonic() + 10
        wait_for(120, complete, "a complete inventory", pause=0.2)
        time.sleep(5)
        before, started = cpu_seconds(pid), time.monotonic()
        time.sleep(arguments.idle_seconds)
        elapsed = time.monotonic() - started
        result["idle_cpu_percent"] = 100 * (cpu_seconds(pid) - before) / elapsed
        result["idle_pss_mb"] = smaps(pid) / 1024
        result["idle_rss_mb"] = status_kb(pid, "VmRSS") / 1024
        result["threads"] = status_kb(pid, "Threads")
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        deployment.stop()
        for name in ("proc", "sys", "etc", "usr"):
            subprocess.run(["umount", "--lazy", f"{folder}/root/{name}"], stderr=subprocess.DEVNULL)
        if not any(os.path.ismount(f"{folder}/root/{name}") for name in ("proc", "sys", "etc", "usr")):
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in sorted(result.items()):
        goal = GOALS.get(name)
        verdict = "" if goal is None else f"   goal <= {goal}: {'met' if value <= goal else 'MISSED'}"
        print(f"{name:36s} {value:10.3f}{verdict}")


if __name__ == "__main__":
    main()
