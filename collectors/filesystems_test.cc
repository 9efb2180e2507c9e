#include "collectors/filesystems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> PointsOf(absl::string_view mountinfo) {
  std::vector<std::string> points;
  for (const Mount& mount : HostFilesystems(ParseMountInfo(mountinfo).mounts)) {
    points.push_back(absl::StrCat(mount.mount_point, "=", mount.source));
  }
  return points;
}

TEST(HostFilesystems, LeavesOutTheKernelsOwn) {
  EXPECT_THAT(PointsOf("1 0 0:1 / /proc rw - proc proc rw\n2 0 0:2 / /sys rw - sysfs sysfs rw\n"
                       "3 0 0:3 / /dev rw - devtmpfs udev rw\n4 0 0:4 / /run rw - tmpfs tmpfs rw\n"
                       "5 0 0:5 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
              IsEmpty());
}

TEST(HostFilesystems, LeavesOutWhatComesAndGoes) {
  EXPECT_THAT(PointsOf("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                       "2 0 0:9 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
                       "3 0 8:9 / /var/lib/kubelet/pods/u/volumes/v rw - ext4 /dev/sdz rw\n"
                       "4 0 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro\n"
                       "5 0 0:8 / /run/user/1000/doc rw - fuse.portal portal rw\n"),
              ElementsAre("/=/dev/sda1"));
}

TEST(HostFilesystems, BindMountsCountOnce) {
  EXPECT_THAT(PointsOf("1 0 8:1 /sub /bind rw - ext4 /dev/sda1 rw\n2 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                       "3 0 8:1 / /again rw - ext4 /dev/sda1 rw\n4 0 8:2 /only /part rw - xfs /dev/sda2 rw\n"),
              ElementsAre("/=/dev/sda1", "/part=/dev/sda2"));
}

TEST(HostFilesystems, SubvolumesAreFilesystemsOfTheirOwn) {
  EXPECT_THAT(PointsOf("1 0 0:20 /@ / rw - btrfs /dev/sda1 rw\n2 0 0:20 /@home /home rw - btrfs /dev/sda1 rw\n"
                       "3 0 0:20 /@home /mnt rw - btrfs /dev/sda1 rw\n"),
              ElementsAre("/=/dev/sda1", "/home=/dev/sda1"));
}

TEST(HostFilesystems, TheLastMountOnAPointHidesTheOthers) {
  EXPECT_THAT(PointsOf("1 0 8:1 / /m rw - ext4 /dev/a rw\n2 0 8:2 / /m rw - ext4 /dev/b rw\n"),
              ElementsAre("/m=/dev/b"));
  EXPECT_THAT(PointsOf("1 0 8:1 / /m rw - ext4 /dev/a rw\n2 0 0:2 / /m rw - tmpfs tmpfs rw\n"), IsEmpty());
}

TEST(HostFilesystems, AreBounded) {
  std::vector<Mount> mounts;
  for (uint32_t i = 0; i < 5000; ++i) {
    Mount mount;
    mount.device_major = i + 1;
    mount.root = "/";
    mount.mount_point = absl::StrCat("/m", i);
    mount.fs_type = "ext4";
    mounts.push_back(mount);
  }
  EXPECT_EQ(HostFilesystems(mounts).size(), kMaxFilesystems);
}

// A dead server must not hang whoever asks for sizes: neither its own filesystems nor paths that
// lead through them are touched.
TEST(LocalFilesystems, NothingLeadsThroughANetwork) {
  std::vector<std::string> points;
  constexpr char kMounts[] =
      "1 0 8:1 / / rw - ext4 /dev/a rw\n"
      "2 1 0:40 / /net rw - nfs4 server:/x rw\n"
      "3 2 8:2 / /net/local rw - ext4 /dev/b rw\n"
      "4 1 0:41 / /network rw - fuse.sshfs me@server: rw\n"
      "5 1 8:3 / /networked rw - xfs /dev/c rw\n"
      "6 1 0:42 / /run rw - tmpfs tmpfs rw\n"
      "7 1 0:43 / /boot rw - autofs systemd-1 rw\n"
      "8 7 8:4 / /boot rw - vfat /dev/d rw\n"
      "9 1 0:44 / /auto rw - autofs /etc/auto.home rw\n"
      "10 9 8:5 / /auto/home rw - ext4 /dev/e rw\n";
  for (const Mount& mount : LocalFilesystems(ParseMountInfo(kMounts).mounts)) points.push_back(mount.mount_point);
  EXPECT_THAT(points, ElementsAre("/", "/boot", "/networked"));
}

TEST(IsLocalFilesystem, NetworksAreNot) {
  for (const char* type : {"ext4", "xfs", "btrfs", "overlay"}) EXPECT_TRUE(IsLocalFilesystem(type));
  for (const char* type : {"nfs", "nfs4", "cifs", "fuse.sshfs", "ceph", "9p", ""})
    EXPECT_FALSE(IsLocalFilesystem(type));
}

TEST(MayWaitForServer, WhateverIsNotKnownToBeLocal) {
  for (const char* type : {"nfs4", "cifs", "fuse.sshfs", "fuse.bindfs", "fuseblk", "9p", "autofs", "newfs"}) {
    EXPECT_TRUE(MayWaitForServer(type)) << type;
  }
  for (const char* type : {"ext4", "ecryptfs", "zfs", "tmpfs", "proc", "squashfs"}) {
    EXPECT_FALSE(MayWaitForServer(type)) << type;
  }
}

}  // namespace
}  // namespace rollcall
