#include "collectors/processes/cgroup_names.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace rollcall {
namespace {

constexpr char kId[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr char kOuter[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
constexpr char kUid[] = "8f4a1c2e-0b1d-4e3f-9a5b-6c7d8e9f0a1b";
constexpr char kUidInSlice[] = "8f4a1c2e_0b1d_4e3f_9a5b_6c7d8e9f0a1b";
constexpr char kStatic[] = "0123456789abcdef0123456789abcdef";

struct NamesCase {
  absl::string_view path;
  absl::string_view container_id;
  absl::string_view pod_uid;
  absl::string_view unit;
};

void Check(const NamesCase& c) {
  const auto fill = [](absl::string_view text) {
    return absl::StrReplaceAll(
        text, {{"$ID", kId}, {"$OUTER", kOuter}, {"$UID", kUid}, {"$SLICE", kUidInSlice}, {"$STATIC", kStatic}});
  };
  SCOPED_TRACE(c.path);
  const CgroupNames names = ParseCgroupNames(fill(c.path));
  EXPECT_EQ(names.container_id, fill(c.container_id));
  EXPECT_EQ(names.pod_uid, fill(c.pod_uid));
  EXPECT_EQ(names.systemd_unit, fill(c.unit));
}

TEST(ParseCgroupNames, Host) {
  Check({"/", "", "", ""});
  Check({"", "", "", ""});
  Check({"/init.scope", "", "", "init.scope"});
  Check({"/system.slice", "", "", ""});
  Check({"/system.slice/ssh.service", "", "", "ssh.service"});
  Check({"/system.slice/system-getty.slice/getty@tty1.service", "", "", "getty@tty1.service"});
  Check({"/system.slice/_cgroup.service", "", "", "cgroup.service"});
  Check({"/user.slice/user-1000.slice/session-3.scope", "", "", "session-3.scope"});
  Check({"/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service", "", "", "user@1000.service"});
}

TEST(ParseCgroupNames, ContainersOfEveryRuntime) {
  Check({"/docker/$ID", "$ID", "", ""});
  Check({"/system.slice/docker-$ID.scope", "$ID", "", "docker-$ID.scope"});
  Check({"/system.slice/docker.service/docker/$ID", "$ID", "", "docker.service"});
  Check({"/machine.slice/libpod-$ID.scope", "$ID", "", "libpod-$ID.scope"});
  Check({"/machine.slice/libpod-$ID.scope/container", "$ID", "", "libpod-$ID.scope"});
  Check({"/libpod_parent/libpod-$ID", "$ID", "", ""});
  Check({"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-$ID.scope/container", "$ID", "",
         "user@1000.service"});
  Check({"/ecs/0123456789abcdef0123456789abcdef/$ID", "$ID", "", ""});
  Check({"/isulad/$ID", "$ID", "", ""});
  Check({"/default/$ID", "$ID", "", ""});
  Check({"/../../docker/$ID", "$ID", "", ""});
  Check({"/lxc/web-1", "web-1", "", ""});
  Check({"/lxc.payload.web-1/system.slice/nginx.service", "web-1", "", "nginx.service"});
  Check({"/lxc.payload/web-1/init.scope", "web-1", "", "init.scope"});
}

TEST(ParseCgroupNames, Kubernetes) {
  Check({"/kubepods/burstable/pod$UID/$ID", "$ID", "$UID", ""});
  Check({"/kubepods/pod$UID/$ID", "$ID", "$UID", ""});
  Check({"/kubepods/besteffort/pod$STATIC/$ID", "$ID", "$STATIC", ""});
  Check({"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod$SLICE.slice/cri-containerd-$ID.scope", "$ID",
         "$UID", "cri-containerd-$ID.scope"});
  Check({"/kubepods.slice/kubepods-pod$SLICE.slice/crio-$ID.scope", "$ID", "$UID", "crio-$ID.scope"});
  Check({"/kubepods.slice/kubepods-pod$STATIC.slice/docker-$ID.scope", "$ID", "$STATIC", "docker-$ID.scope"});
  Check({"/system.slice/containerd.service/kubepods-besteffort-pod$SLICE.slice:cri-containerd:$ID", "$ID", "$UID",
         "containerd.service"});
  Check(
      {"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
       "kubelet-kubepods-besteffort-pod$SLICE.slice/cri-containerd-$ID.scope",
       "$ID", "$UID", "cri-containerd-$ID.scope"});
}

TEST(ParseCgroupNames, TheInnermostContainerCounts) {
  Check({"/docker/$OUTER/kubelet/kubepods/burstable/pod$UID/$ID", "$ID", "$UID", ""});
  Check({"/docker/$OUTER/docker/$ID", "$ID", "", ""});
  Check({"/docker/$ID/system.slice/nginx.service", "$ID", "", "nginx.service"});
}

TEST(ParseCgroupNames, WhatOnlyLooksLikeAContainerIsNone) {
  Check({"/kubepods.slice/kubepods-pod$SLICE.slice/crio-conmon-$ID.scope", "", "$UID", "crio-conmon-$ID.scope"});
  Check({"/machine.slice/libpod-conmon-$ID.scope", "", "", "libpod-conmon-$ID.scope"});
  Check({"/lxc.monitor.web-1", "", "", ""});
  Check({"/docker/0123456789abcdef", "", "", ""});
  Check({"/docker/$IDf", "", "", ""});
  Check({"/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "", "", ""});
  Check({"/podman.service", "", "", "podman.service"});
  Check({"/kubepods/podless/pod8f4a1c2e-0b1d-4e3f-9a5b", "", "", ""});
  Check({"/kubepods/pod8f4a1c2ex0b1d-4e3f-9a5b-6c7d8e9f0a1b", "", "", ""});
  Check({"/system.slice/.service", "", "", ""});
}

TEST(ParseCgroupNames, NamesAreBoundedUtf8) {
  EXPECT_EQ(ParseCgroupNames(absl::StrCat("/lxc/", std::string(1000, 'x'))).container_id.size(), 255U);
  EXPECT_EQ(ParseCgroupNames("/lxc/\xFF").container_id, "\xEF\xBF\xBD");
  EXPECT_EQ(ParseCgroupNames(absl::StrCat("/", std::string(1000, 'x'), ".service")).systemd_unit, "");
}

}  // namespace
}  // namespace rollcall
