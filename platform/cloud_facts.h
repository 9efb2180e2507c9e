// What a machine's disk and firmware say about the cloud it runs in. No network.
#ifndef ROLLCALL_PLATFORM_CLOUD_FACTS_H_
#define ROLLCALL_PLATFORM_CLOUD_FACTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

// Fields are empty where nothing is known.
struct CloudFacts {
  // As cloud-init names it: `aws`, `azure`, `gce`, `tencent`, `aliyun`, `openstack`, …
  std::string provider;
  std::string instance_id;
  std::string region;
  std::string zone;
  std::string instance_type;
};

// Parses cloud-init's instance-data.json. Sources that give every machine the same id
// (NoCloud, LXD and the like) count as no cloud. InvalidArgument if it is no JSON object.
absl::StatusOr<CloudFacts> ParseInstanceData(absl::string_view json);

// The provider that the DMI strings name; empty for none.
std::string ProviderOfDmi(absl::string_view vendor, absl::string_view product, absl::string_view chassis_asset_tag);

// Reads /run/cloud-init/instance-data.json, else /var/lib/cloud/data/instance-id with
// /run/cloud-init/cloud-id, else /sys/class/dmi/id. What exists and cannot be used is added to
// `problems`, each naming its path.
CloudFacts ReadCloudFacts(const FileTree& tree, std::vector<absl::Status>* problems);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_CLOUD_FACTS_H_
