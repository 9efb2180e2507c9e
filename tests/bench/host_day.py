#!/usr/bin/env python3
"""What a day of an ordinary host costs: a first inventory, then an undisturbed stretch of time.

usage: tests/bench/host_day.py [--bin build/release/bin] [--seconds 3600] [--processes 300] [--json]

Starts backend and agent in namespaces of their own, beside that many sleeping processes, so that
what else this machine does is not seen; packages, units and accounts are this machine's. Measures
  first inventory   time and CPU until every collector is complete on the backend, highest PSS
  steady state      CPU and PSS with change notification on
  a day on the wire bytes of TCP both ways in that time, scaled to 24 hours; and apart, what of it
                    are batches (samples of resource use, and what else changed) and the rest
                    (heartbeats, acknowledgements, HTTP/2 and TLS)
Needs root, for the namespaces.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from footprint import Deployment, cpu_seconds, smaps, status_kb, wait_for  # noqa: E402

GOALS = {"first_inventory_seconds": 60, "first_inventory_cpu_seconds": 2, "peak_pss_mb": 40, "idle_pss_mb": 25,
         "steady_cpu_percent": 0.2, "wire_kb_per_day": 200}
METRICS = "127.0.0.1:9108"


def wire_bytes(port):
    """Payload bytes of the agent's TCP connection, both ways."""
    shown = subprocess.run(["ss", "-tinH", "dport", "=", f":{port}"], capture_output=True, text=True, check=True).stdout
    total = 0
    for word in shown.split():
        if word.startswith(("bytes_sent:", "bytes_received:")):
            total += int(word.split(":")[1])
    return total


def batch_counters():
    with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if line and line[0] != "#")
    return {name: float(values.get(f"rollcall_{name}_total", 0)) for name in ("batch_bytes_received", "batches_received")}


def first_inventory(deployment, result):
    started = time.monotonic()
    pid = deployment.start_agent("/")
    peak, asked = 0, 0.0
    while True:
        peak = max(peak, smaps(pid))
        if time.monotonic() - asked > 1:
            if deployment.complete():
                break
            asked = time.monotonic()
        if time.monotonic() - started > 120:
            sys.exit("gave up after 120 s waiting for a complete inventory")
        time.sleep(0.02)
    result["first_inventory_seconds"] = time.monotonic() - started
    result["first_inventory_cpu_seconds"] = cpu_seconds(pid)
    result["peak_pss_mb"] = peak / 1024
    result["peak_rss_mb"] = status_kb(pid, "VmHWM") / 1024
    return pid


def steady_state(deployment, pid, seconds, result):
    # What follows a first inventory, such as first acknowledgements, is over by then.
    time.sleep(30)
    before = (time.monotonic(), cpu_seconds(pid), wire_bytes(deployment.port), batch_counters())
    end = before[0] + seconds
    while time.monotonic() < end:
        time.sleep(min(60, max(0.0, end - time.monotonic())))
        print(f"  {time.monotonic() - before[0]:6.0f} of {seconds} s, {wire_bytes(deployment.port) - before[2]} bytes", file=sys.stderr, flush=True)
    elapsed = time.monotonic() - before[0]
    counters = batch_counters()
    days = elapsed / 86400
    wire = wire_bytes(deployment.port) - before[2]
    batches = counters["batch_bytes_received"] - before[3]["batch_bytes_received"]
    result["measured_seconds"] = elapsed
    result["steady_cpu_percent"] = 100 * (cpu_seconds(pid) - before[1]) / elapsed
    result["idle_pss_mb"] = smaps(pid) / 1024
    result["idle_rss_mb"] = status_kb(pid, "VmRSS") / 1024
    result["wire_kb_per_day"] = wire / 1000 / days
    result["wire_batches_kb_per_day"] = batches / 1000 / days
    result["wire_rest_kb_per_day"] = (wire - batches) / 1000 / days
    result["batches_per_day"] = (counters["batches_received"] - before[3]["batches_received"]) / days


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--processes", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root: it makes namespaces of its own")
    if os.environ.get("ROLLCALL_HOST_DAY_INSIDE") != "1":
        os.environ["ROLLCALL_HOST_DAY_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc", "--net", sys.executable] + sys.argv)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    folder = tempfile.mkdtemp(prefix="rollcall_host_day_")
    result, sleepers = {}, []
    os.environ["ROLLCALL_METRICS_ADDRESS"] = METRICS
    deployment = Deployment(os.path.abspath(arguments.bin), folder)
    try:
        sleepers = [subprocess.Popen(["sleep", "100000"]) for _ in range(arguments.processes)]
        pid = first_inventory(deployment, result)
        steady_state(deployment, pid, arguments.seconds, result)
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        deployment.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        goal = GOALS.get(name)
        verdict = "" if goal is None else f"   goal <= {goal}: {'met' if value <= goal else 'MISSED'}"
        print(f"{name:32s} {value:10.3f}{verdict}")


if __name__ == "__main__":
    main()
