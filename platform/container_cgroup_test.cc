#include "platform/container_cgroup.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

TEST(ContainerIdInCgroup, KnowsTheRuntimes) {
  const std::string id(32, 'a');
  const std::string full = id + std::string(32, '7');
  const std::string outer(64, 'c');
  const struct {
    const char* what;
    std::string path;
    std::string expected;
  } kCases[] = {
      {"docker, systemd driver", "/system.slice/docker-" + full + ".scope", full},
      {"docker, cgroupfs driver", "/docker/" + full, full},
      {"a cgroup inside the container", "/docker/" + full + "/init.scope", full},
      {"containerd under kubelet",
       "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" + full + ".scope",
       full},
      {"containerd, cgroupfs driver", "/kubepods/besteffort/pod12-34/" + full, full},
      {"containerd without a slice", "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + full,
       full},
      {"CRI-O", "/kubepods.slice/crio-" + full + ".scope", full},
      {"Podman", "/machine.slice/libpod-" + full + ".scope/container", full},
      {"Podman's monitor", "/machine.slice/libpod-conmon-" + full + ".scope", ""},
      {"CRI-O's monitor", "/system.slice/crio-conmon-" + full + ".scope", ""},
      {"a container in a container", "/docker/" + outer + "/docker/" + full, full},
      {"LXC", "/lxc.payload.web1/system.slice/ssh.service", "web1"},
      {"LXC, version 1 and 3", "/lxc/web1", "web1"},
      {"LXC, version 4", "/lxc.payload/web1/init.scope", "web1"},
      {"LXC's monitor", "/lxc.monitor.web1", ""},
      {"a service", "/system.slice/ssh.service", ""},
      {"a session", "/user.slice/user-1000.slice/session-3.scope", ""},
      {"too short", "/docker/" + id, ""},
      {"not hexadecimal", "/docker/" + std::string(64, 'g'), ""},
      {"root", "/", ""},
      {"nothing", "", ""},
  };
  for (const auto& test : kCases) EXPECT_EQ(ContainerIdInCgroup(test.path), test.expected) << test.what;
}

}  // namespace
}  // namespace rollcall
