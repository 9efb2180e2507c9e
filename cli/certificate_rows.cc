#include "cli/certificate_rows.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/time_text.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

namespace {

std::string Lowercase(absl::string_view enum_name) {
  std::string words = absl::AsciiStrToLower(enum_name);
  for (char& c : words) c = c == '_' ? ' ' : c;
  return words;
}

std::string KeysText(const pb::DeletionStatement& statement) {
  std::vector<std::string> ids;
  for (const std::string& id : statement.destroyed_key_ids()) ids.push_back(absl::BytesToHexString(id));
  return ids.empty() ? "none" : absl::StrJoin(ids, ", ");
}

}  // namespace

std::string BucketText(const pb::BucketName& bucket) {
  return absl::StrCat(Lowercase(pb::Category_Name(bucket.category())), " data of ", bucket.tenant(), ", ",
                      bucket.hosting_service(), ", collected on ", bucket.collected_day(), " (region ", bucket.region(),
                      ")");
}

std::vector<std::vector<std::string>> CertificateRows(const pb::DeletionStatement& statement) {
  std::vector<std::vector<std::string>> rows = {
      {"certificate", absl::BytesToHexString(statement.certificate_id())},
      {"bucket", BucketText(statement.bucket())},
      {"agreement", absl::StrCat(statement.policy().id(), " version ", statement.policy().version())},
      {"agreement's hash", absl::BytesToHexString(statement.policy().hash())},
      {"last day kept", statement.last_retained_day()},
      {"not to be deleted before", TimeText(statement.not_before())},
      {"to be deleted by", TimeText(statement.deadline())},
      {"deleted", TimeText(statement.executed_at())},
      {"records", absl::StrCat(statement.records(), ", ", BytesText(statement.bytes()))},
      {"keys destroyed", KeysText(statement)},
      {"last backup expires", statement.last_backup_expiry_day()},
  };
  for (const std::string& fact : statement.facts()) rows.push_back({"fact", fact});
  for (const std::string& step : statement.explanation()) rows.push_back({"because", step});
  for (const pb::StoreEvidence& store : statement.stores()) {
    rows.push_back({absl::StrCat("in ", Lowercase(pb::StoreKind_Name(store.kind())), " ", store.name()),
                    absl::StrCat(store.deleted(), " deleted, ", store.remaining(), " left on ",
                                 TimeText(store.verified_at()), ": ", store.method())});
  }
  for (const std::string& sentence : statement.does_not_prove()) rows.push_back({"not proven", sentence});
  return rows;
}

}  // namespace rollcall
