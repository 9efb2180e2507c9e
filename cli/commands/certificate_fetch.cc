// What is asked of the backend about certificates; commands/certificate.cc works offline.
#include <algorithm>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/certificate_rows.h"
#include "cli/lifecycle_command.h"
#include "cli/time_text.h"
#include "cli/verify/certificate_verifier.h"
#include "platform/status_macros.h"
#include "proto/enum_word.h"

namespace rollcall {
namespace {

using Lifecycle = pb::Lifecycle::StubInterface;
using Certificates = std::vector<pb::ListCertificatesResponse::Certificate>;

constexpr size_t kIdDigits = 64;
constexpr size_t kFewestDigits = 4;
constexpr uint32_t kPage = 1000;

// Calls `take` for one certificate after the other, the latest first, until it answers false.
template <typename Take>
absl::Status ForEachCertificate(const CommandContext& context, uint32_t page_size, Take take) {
  pb::ListCertificatesRequest request;
  request.set_page_size(page_size);
  do {
    pb::ListCertificatesResponse page;
    ROLLCALL_RETURN_IF_ERROR(Ask(&Lifecycle::ListCertificates, context, request, &page));
    for (const auto& certificate : page.certificates()) {
      if (!take(certificate)) return absl::OkStatus();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// The whole id of the one that begins so.
absl::StatusOr<std::string> FindId(const CommandContext& context, const std::string& given) {
  const std::string beginning = absl::AsciiStrToLower(given);
  if (beginning.size() >= kIdDigits) return beginning;
  if (beginning.size() < kFewestDigits || !std::all_of(beginning.begin(), beginning.end(), absl::ascii_isxdigit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("find certificate ", given, ": give at least ", kFewestDigits, " hexadecimal digits of its id"));
  }
  std::string found;
  bool several = false;
  ROLLCALL_RETURN_IF_ERROR(ForEachCertificate(context, kPage, [&](const auto& certificate) {
    if (!absl::StartsWith(certificate.certificate_id(), beginning)) return true;
    several = !found.empty();
    found = certificate.certificate_id();
    return !several;
  }));
  if (several) return absl::InvalidArgumentError(absl::StrCat("find certificate ", given, ": several begin so"));
  if (found.empty()) return absl::NotFoundError(absl::StrCat("find certificate ", given, ": there is none"));
  return found;
}

absl::Status Save(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (file.good()) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("write ", path, ": it cannot be written"));
}

}  // namespace

absl::Status RunCertificateList(const CommandContext& context, const CertificateListArguments& arguments) {
  Certificates certificates;
  bool more = false;
  const size_t page = arguments.limit == 0 ? kPage : std::min<size_t>(kPage, arguments.limit + 1);
  ROLLCALL_RETURN_IF_ERROR(ForEachCertificate(context, static_cast<uint32_t>(page), [&](const auto& certificate) {
    more = arguments.limit > 0 && certificates.size() == arguments.limit;
    if (!more) certificates.push_back(certificate);
    return !more;
  }));
  Screen* screen = context.screen;
  if (screen->format() == OutputFormat::kJson) return screen->JsonLines(certificates);
  const bool table = screen->format() == OutputFormat::kTable;
  if (certificates.empty() && table) {
    screen->Line("Nothing was deleted and certified yet.");
    return absl::OkStatus();
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& certificate : certificates) {
    const pb::BucketName& bucket = certificate.bucket();
    rows.push_back(
        {table && !screen->wide() ? certificate.certificate_id().substr(0, 12) : certificate.certificate_id(),
         TimeText(certificate.executed_at()), bucket.hosting_service(),
         EnumWord(pb::Category_descriptor()->FindValueByNumber(bucket.category())), bucket.collected_day(),
         certificate.last_retained_day(), TimeText(certificate.deadline()), absl::StrCat(certificate.records())});
  }
  screen->Rows({"CERTIFICATE", "DELETED", "SERVICE", "CATEGORY", "COLLECTED", "LAST_DAY_KEPT", "BY", "RECORDS"}, rows);
  if (more && table) screen->Line(absl::StrCat("These are the latest ", arguments.limit, "; --limit 0 shows all."));
  return absl::OkStatus();
}

absl::Status RunCertificateGet(const CommandContext& context, const CertificateGetArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string id, FindId(context, arguments.certificate));
  pb::GetCertificateRequest request;
  request.set_certificate_id(id);
  request.set_known_tree_size(arguments.known_size);
  pb::DeletionCertificate certificate;
  ROLLCALL_RETURN_IF_ERROR(Ask(&Lifecycle::GetCertificate, context, request, &certificate));
  const std::string bytes = certificate.SerializeAsString();
  ROLLCALL_ASSIGN_OR_RETURN(const verify::ReadCertificateFile file, verify::ParseCertificateFile(bytes));
  if (!arguments.out.empty()) ROLLCALL_RETURN_IF_ERROR(Save(arguments.out, bytes));
  if (context.screen->format() == OutputFormat::kJson) return context.screen->Json(file.statement);
  context.screen->Rows({"FIELD", "VALUE"}, CertificateRows(file.statement));
  if (!arguments.out.empty() && context.screen->format() == OutputFormat::kTable) {
    context.screen->Line(
        absl::StrCat("Saved to ", arguments.out, ", proven in a tree of ", certificate.tree_size(),
                     " entries. Verify it with a checkpoint from elsewhere: rollcall certificate verify"));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
