#include <fstream>

#include "absl/strings/str_cat.h"
#include "cli/certificate_rows.h"
#include "cli/command.h"
#include "cli/time_text.h"
#include "cli/verify/certificate_verifier.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using Verification = pb::CertificateVerification;

// A file of at most `limit` bytes.
absl::StatusOr<std::string> ReadBounded(const std::string& path, size_t limit) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(limit + 1, '\0');
  if (file) file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat("read ", path, ": no such file or not readable"));
  }
  bytes.resize(static_cast<size_t>(file.gcount()));
  if (bytes.size() > limit) return absl::InvalidArgumentError(absl::StrCat("read ", path, ": larger than expected"));
  return bytes;
}

// What `parse` says of the file, with the file's name before an error.
template <typename Parse>
auto ReadWith(const std::string& path, size_t limit, Parse parse) -> decltype(parse(std::string())) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, ReadBounded(path, limit));
  auto parsed = parse(bytes);
  if (!parsed.ok()) return absl::Status(parsed.status().code(), absl::StrCat(path, ": ", parsed.status().message()));
  return parsed;
}

absl::StatusOr<verify::ReadCertificateFile> ReadCertificate(const std::string& path) {
  return ReadWith(path, verify::kMaxCertificateBytes, &verify::ParseCertificateFile);
}

absl::string_view OutcomeText(Verification::Outcome outcome) {
  switch (outcome) {
    case Verification::PASSED:
      return "good";
    case Verification::FAILED:
      return "WRONG";
    default:
      return "not checked";
  }
}

void PrintVerification(const Verification& verification, const pb::DeletionStatement& statement, Screen* screen) {
  const bool table = screen->format() == OutputFormat::kTable;
  if (table) {
    screen->Raw(absl::StrCat(
        verification.verified() ? screen->Paint("VERIFIED", Color::kGreen) : screen->Paint("NOT VERIFIED", Color::kRed),
        "\n"));
    screen->Line(absl::StrCat("certificate ", verification.certificate_id()));
    screen->Line(absl::StrCat(verification.verified() ? "deleted on " : "it claims: deleted on ",
                              TimeText(statement.executed_at()), ": ", BucketText(statement.bucket())));
    screen->Line("");
  }
  std::vector<std::vector<std::string>> rows;
  for (const Verification::Check& check : verification.checks()) {
    rows.push_back({check.name(), std::string(OutcomeText(check.outcome())), check.detail()});
  }
  screen->Rows({"CHECK", "RESULT", "WHAT"}, rows);
  if (!table) return;
  screen->Line("");
  for (const std::string& caveat : verification.caveats()) screen->Line(absl::StrCat("* ", caveat));
}

}  // namespace

absl::Status RunCertificateShow(const CommandContext& context, const CertificateArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const verify::ReadCertificateFile file, ReadCertificate(arguments.file));
  if (context.screen->format() == OutputFormat::kJson) return context.screen->Json(file.statement);
  context.screen->Title("What the certificate states; nothing is verified (see: rollcall certificate verify)");
  context.screen->Rows({"FIELD", "VALUE"}, CertificateRows(file.statement));
  return absl::OkStatus();
}

absl::Status RunCertificateVerify(const CommandContext& context, const CertificateArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const verify::Checkpoint outside,
                            ReadWith(arguments.checkpoint, verify::kMaxNoteBytes, &verify::ParseCheckpoint));
  std::optional<verify::VerifierKey> key;
  if (!arguments.key.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(key, ReadWith(arguments.key, verify::kMaxNoteBytes, &verify::ParseVerifierKey));
  }
  const auto file = ReadCertificate(arguments.file);
  // A file that is there and no certificate proves nothing: the same answer to a script as one that is forged.
  if (absl::IsInvalidArgument(file.status())) return NotProvenError(file.status().message());
  if (!file.ok()) return file.status();
  const Verification verification = verify::VerifyCertificate(*file, outside, key);
  if (context.screen->format() == OutputFormat::kJson) {
    ROLLCALL_RETURN_IF_ERROR(context.screen->Json(verification));
  } else {
    PrintVerification(verification, file->statement, context.screen);
  }
  if (verification.verified()) return absl::OkStatus();
  return NotProvenError(absl::StrCat("verify ", arguments.file, ": the certificate is not proven"));
}

}  // namespace rollcall
