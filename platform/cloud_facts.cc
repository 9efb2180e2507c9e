#include "platform/cloud_facts.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr size_t kMaxInstanceDataBytes = 4 << 20;
constexpr size_t kMaxSmallFileBytes = 4096;
constexpr size_t kMaxValueBytes = 256;

// Sources whose instance id says nothing about where the machine runs.
constexpr absl::string_view kNoClouds[] = {"",    "none", "nocloud", "nocloud-net", "unknown",      "fallback",
                                           "lxd", "ovf",  "vmware",  "wsl",         "not-available"};

bool IsCloud(absl::string_view provider) {
  return std::find(std::begin(kNoClouds), std::end(kNoClouds), provider) == std::end(kNoClouds);
}

// Text found on disk becomes part of an identity, so it must be short and printable.
std::string CleanValue(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const bool good = text.size() <= kMaxValueBytes &&
                    std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
  return good ? std::string(text) : "";
}

// The string at a path of keys; empty if there is none.
std::string StringAt(const Struct& root, std::initializer_list<const char*> keys) {
  const Struct* at = &root;
  const Value* value = nullptr;
  for (const char* key : keys) {
    if (at == nullptr) return "";
    const auto found = at->fields().find(key);
    if (found == at->fields().end()) return "";
    value = &found->second;
    at = value->has_struct_value() ? &value->struct_value() : nullptr;
  }
  return value != nullptr && value->kind_case() == Value::kStringValue ? CleanValue(value->string_value()) : "";
}

std::string FirstOf(const Struct& root, std::initializer_list<std::initializer_list<const char*>> paths) {
  for (const auto& path : paths) {
    std::string text = StringAt(root, path);
    if (!text.empty()) return text;
  }
  return "";
}

// Text of a small file; empty if there is none. Other failures are problems.
std::string ReadSmall(const FileTree& tree, absl::string_view path, std::vector<absl::Status>* problems) {
  absl::StatusOr<std::string> text = tree.ReadFile(path, kMaxSmallFileBytes);
  if (text.ok()) return std::string(absl::StripAsciiWhitespace(*text));
  if (!absl::IsNotFound(text.status())) problems->push_back(text.status());
  return "";
}

CloudFacts FactsOfFirmware(const FileTree& tree, std::vector<absl::Status>* problems) {
  CloudFacts facts;
  facts.provider = ProviderOfDmi(ReadSmall(tree, "/sys/class/dmi/id/sys_vendor", problems),
                                 ReadSmall(tree, "/sys/class/dmi/id/product_name", problems),
                                 ReadSmall(tree, "/sys/class/dmi/id/chassis_asset_tag", problems));
  // EC2 machines with Nitro carry their id in the asset tag, readable by everyone.
  const std::string tag = CleanValue(ReadSmall(tree, "/sys/class/dmi/id/board_asset_tag", problems));
  if (facts.provider == "aws" && absl::StartsWith(tag, "i-")) {
    facts.instance_id = tag;
    facts.instance_type = CleanValue(ReadSmall(tree, "/sys/class/dmi/id/product_name", problems));
  }
  return facts;
}

}  // namespace

std::string ProviderOfDmi(absl::string_view vendor, absl::string_view product, absl::string_view chassis_asset_tag) {
  struct Rule {
    absl::string_view vendor, product, chassis, provider;
  };
  // An empty pattern matches anything; the others are prefixes.
  static constexpr Rule kRules[] = {
      {"Amazon EC2", "", "", "aws"},
      {"Google", "Google Compute Engine", "", "gce"},
      {"", "", "7783-7084-3265-9085-8269-3286-77", "azure"},
      {"Alibaba Cloud", "", "", "aliyun"},
      {"Tencent Cloud", "", "", "tencent"},
      {"DigitalOcean", "", "", "digitalocean"},
      {"Hetzner", "vServer", "", "hetzner"},
      {"Huawei Cloud", "", "", "huawei"},
      {"", "", "OracleCloud.com", "oracle"},
      {"Scaleway", "", "", "scaleway"},
      {"Vultr", "", "", "vultr"},
      {"UpCloud", "", "", "upcloud"},
      {"Exoscale", "", "", "exoscale"},
      {"", "Exoscale", "", "exoscale"},
      {"OpenStack Foundation", "", "", "openstack"},
      {"", "OpenStack Nova", "", "openstack"},
      {"", "OpenStack Compute", "", "openstack"},
  };
  for (const Rule& rule : kRules) {
    if (absl::StartsWith(vendor, rule.vendor) && absl::StartsWith(product, rule.product) &&
        absl::StartsWith(chassis_asset_tag, rule.chassis)) {
      return std::string(rule.provider);
    }
  }
  return "";
}

absl::StatusOr<CloudFacts> ParseInstanceData(absl::string_view json) {
  Struct root;
  if (!google::protobuf::util::JsonStringToMessage(std::string(json), &root).ok()) {
    return absl::InvalidArgumentError("not a JSON object");  // the library's message quotes the text
  }
  CloudFacts facts;
  facts.provider = absl::AsciiStrToLower(FirstOf(root, {{"v1", "cloud_name"}, {"v1", "cloud-name"}}));
  const std::string platform = absl::AsciiStrToLower(StringAt(root, {"v1", "platform"}));
  if (!IsCloud(facts.provider) || !IsCloud(platform.empty() ? facts.provider : platform)) return CloudFacts();
  facts.instance_id = FirstOf(root, {{"v1", "instance_id"}, {"v1", "instance-id"}});
  facts.region = StringAt(root, {"v1", "region"});
  facts.zone = FirstOf(root, {{"v1", "availability_zone"}, {"v1", "availability-zone"}});
  facts.instance_type = FirstOf(root, {{"ds", "meta_data", "instance-type"},
                                       {"ds", "meta_data", "instance_type"},
                                       {"ds", "meta_data", "instance", "instance-type"},
                                       {"ds", "meta_data", "imds", "compute", "vmSize"},
                                       {"ds", "dynamic", "instance-identity", "document", "instanceType"}});
  return facts;
}

CloudFacts ReadCloudFacts(const FileTree& tree, std::vector<absl::Status>* problems) {
  constexpr absl::string_view kInstanceData = "/run/cloud-init/instance-data.json";
  absl::StatusOr<std::string> json = tree.ReadFile(kInstanceData, kMaxInstanceDataBytes);
  if (json.ok()) {
    absl::StatusOr<CloudFacts> facts = ParseInstanceData(*json);
    if (facts.ok() && !facts->instance_id.empty()) return *std::move(facts);
    if (!facts.ok()) {
      problems->push_back(
          absl::Status(facts.status().code(), absl::StrCat("parse ", kInstanceData, ": ", facts.status().message())));
    }
  } else if (!absl::IsNotFound(json.status())) {
    problems->push_back(json.status());
  }
  CloudFacts facts = FactsOfFirmware(tree, problems);
  const std::string cloud = CleanValue(ReadSmall(tree, "/run/cloud-init/cloud-id", problems));
  if (facts.provider.empty() && IsCloud(cloud)) facts.provider = cloud;
  // The id that cloud-init keeps is a real one only if a cloud gave it.
  if (facts.instance_id.empty() && !facts.provider.empty() && (cloud.empty() || IsCloud(cloud))) {
    const std::string id = CleanValue(ReadSmall(tree, "/var/lib/cloud/data/instance-id", problems));
    if (!absl::StartsWith(id, "iid-") && id != "nocloud") facts.instance_id = id;
  }
  return facts;
}

}  // namespace rollcall
