#include "cli/verify/checkpoint.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/verify/digest.h"
#include "platform/status_macros.h"

namespace rollcall::verify {
namespace {

constexpr size_t kIdBytes = 4;
constexpr size_t kPublicKeyBytes = 32;
constexpr char kEd25519 = 1;
constexpr size_t kMaxSignatures = 64;
constexpr absl::string_view kSignaturePrefix = "\u2014 ";

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not a signed checkpoint: ", what));
}

// Base64 in its one canonical spelling: what is decoded is encoded to the same text.
bool DecodeBase64(absl::string_view text, std::string* bytes) {
  return absl::Base64Unescape(text, bytes) && absl::Base64Escape(*bytes) == text;
}

bool IsKeyName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return !absl::ascii_isspace(c) && !absl::ascii_iscntrl(c) && c != '+';
  });
}

absl::StatusOr<NoteSignature> ParseSignatureLine(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kSignaturePrefix)) return Wrong("a signature line does not begin with a dash");
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  std::string bytes;
  if (parts.size() != 2 || !IsKeyName(parts[0]) || !DecodeBase64(parts[1], &bytes) || bytes.size() <= kIdBytes) {
    return Wrong("a signature line is not a name and a signature");
  }
  return NoteSignature{std::string(parts[0]), bytes.substr(0, kIdBytes), bytes.substr(kIdBytes)};
}

absl::Status ParseSignatures(absl::string_view lines, std::vector<NoteSignature>* signatures) {
  if (!absl::ConsumeSuffix(&lines, "\n")) return Wrong("its last line is not finished");
  for (const absl::string_view line : absl::StrSplit(lines, '\n')) {
    if (signatures->size() == kMaxSignatures) return Wrong("it has too many signatures");
    ROLLCALL_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(line));
    signatures->push_back(std::move(signature));
  }
  return absl::OkStatus();
}

// Decimal without sign and leading zeros.
bool ParseSize(absl::string_view text, uint64_t* size) {
  return absl::SimpleAtoi(text, size) && absl::StrCat(*size) == text;
}

}  // namespace

absl::StatusOr<VerifierKey> ParseVerifierKey(absl::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError("not a verifier key NAME+ID+KEY");
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::StripAsciiWhitespace(text), absl::MaxSplits('+', 2));
  if (parts.size() != 3 || !IsKeyName(parts[0])) return wrong;
  std::string typed;
  if (!DecodeBase64(parts[2], &typed) || typed.size() != 1 + kPublicKeyBytes || typed[0] != kEd25519) return wrong;
  VerifierKey key;
  key.name = std::string(parts[0]);
  key.public_key = typed.substr(1);
  key.id = Sha256(absl::StrCat(key.name, "\n", typed)).substr(0, kIdBytes);
  if (absl::BytesToHexString(key.id) != parts[1]) return wrong;
  return key;
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view note) {
  if (note.size() > kMaxNoteBytes) return Wrong("it is too long");
  const size_t split = note.rfind("\n\n");
  if (split == absl::string_view::npos) return Wrong("no empty line before its signatures");
  Checkpoint checkpoint;
  checkpoint.text = std::string(note.substr(0, split + 1));
  if (std::any_of(checkpoint.text.begin(), checkpoint.text.end(),
                  [](char c) { return absl::ascii_iscntrl(c) && c != '\n'; })) {
    return Wrong("it holds control characters");
  }
  ROLLCALL_RETURN_IF_ERROR(ParseSignatures(note.substr(split + 2), &checkpoint.signatures));
  const std::vector<absl::string_view> lines = absl::StrSplit(checkpoint.text, '\n');
  // Further lines are extensions, which are signed and mean nothing here.
  if (lines.size() < 4 || lines[0].empty()) return Wrong("it has no origin, size and root");
  checkpoint.origin = std::string(lines[0]);
  if (!ParseSize(lines[1], &checkpoint.size)) return Wrong("its second line is not a size");
  if (!DecodeBase64(lines[2], &checkpoint.root) || checkpoint.root.size() != kDigestBytes) {
    return Wrong("its third line is not a root hash");
  }
  return checkpoint;
}

absl::Status CheckSignature(const Checkpoint& checkpoint, const VerifierKey& key) {
  if (checkpoint.origin != key.name) {
    return absl::PermissionDeniedError(
        absl::StrCat("it is of the log ", checkpoint.origin, ", the key is of ", key.name));
  }
  for (const NoteSignature& signature : checkpoint.signatures) {
    if (signature.name != key.name || signature.id != key.id) continue;
    if (VerifyEd25519(key.public_key, checkpoint.text, signature.signature)) return absl::OkStatus();
    return absl::PermissionDeniedError(absl::StrCat("the signature of ", key.name, " is not over this text"));
  }
  return absl::PermissionDeniedError(absl::StrCat("it is not signed by ", key.name));
}

}  // namespace rollcall::verify
