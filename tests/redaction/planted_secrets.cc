#include "tests/redaction/planted_secrets.h"

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

constexpr size_t kSecretsPerFormat = 4;
constexpr size_t kTellingBytes = 5;

using SecretsByClass = std::map<std::string, std::vector<std::string>>;

absl::Status Unreadable(absl::string_view table, size_t line) {
  return absl::InvalidArgumentError(absl::StrCat("read ", table, ": line ", line, " is not of its form"));
}

absl::string_view AlphabetNamed(absl::string_view name) {
  if (name == "alnum") return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (name == "upper") return "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  if (name == "hex") return "0123456789abcdef";
  if (name == "digit") return "0123456789";
  return "";
}

// Replaces every `<alphabet:count>` by that many characters.
absl::StatusOr<std::string> Expand(absl::string_view pattern, size_t line) {
  // The bits of this generator are the same everywhere; a distribution's are not.
  std::mt19937 generator(static_cast<uint32_t>(line));
  std::string secret;
  while (!pattern.empty()) {
    const size_t open = pattern.find('<');
    absl::StrAppend(&secret, pattern.substr(0, open));
    if (open == pattern.npos) return secret;
    const size_t close = pattern.find('>', open);
    if (close == pattern.npos) return Unreadable("secrets", line);
    const std::vector<absl::string_view> parts = absl::StrSplit(pattern.substr(open + 1, close - open - 1), ':');
    size_t count = 0;
    const absl::string_view alphabet = parts.size() == 2 ? AlphabetNamed(parts[0]) : "";
    if (alphabet.empty() || !absl::SimpleAtoi(parts[1], &count)) return Unreadable("secrets", line);
    for (size_t i = 0; i < count; ++i) secret.push_back(alphabet[generator() % alphabet.size()]);
    pattern.remove_prefix(close + 1);
  }
  return secret;
}

// Calls `take(line number, cells)` for every line that is not a comment.
template <typename Take>
absl::Status ForEachRow(absl::string_view table, Take take) {
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (absl::Status status = take(number, cells); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<SecretsByClass> ReadSecrets(absl::string_view table) {
  SecretsByClass secrets;
  absl::Status status = ForEachRow(table, [&](size_t line, const std::vector<std::string>& cells) {
    if (cells.size() != 2 || cells[1].empty()) return Unreadable("secrets", line);
    absl::StatusOr<std::string> secret = Expand(cells[1], line);
    if (!secret.ok()) return secret.status();
    secrets[cells[0]].push_back(*std::move(secret));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return secrets;
}

// The secrets a format is filled with: `turn` is which format of the table it is.
std::vector<std::string> Choose(const SecretsByClass& secrets, absl::string_view classes, size_t turn) {
  std::vector<std::string> all;
  for (const absl::string_view name : absl::StrSplit(classes, ',')) {
    const auto found = secrets.find(std::string(name));
    if (found != secrets.end()) all.insert(all.end(), found->second.begin(), found->second.end());
  }
  if (classes == "token" || classes == "hash" || all.size() <= kSecretsPerFormat) return all;
  // A step that is not the number chosen, so that neighbours do not all meet the same ones.
  std::vector<std::string> chosen;
  for (size_t i = 0; i < kSecretsPerFormat; ++i) chosen.push_back(all[(turn + i * all.size() / 4) % all.size()]);
  return chosen;
}

}  // namespace

absl::StatusOr<std::vector<PlantedSecret>> PlantSecrets(absl::string_view formats, absl::string_view secrets) {
  const absl::StatusOr<SecretsByClass> by_class = ReadSecrets(secrets);
  if (!by_class.ok()) return by_class.status();
  std::vector<PlantedSecret> planted;
  size_t turn = 0;
  absl::Status status = ForEachRow(formats, [&](size_t line, const std::vector<std::string>& cells) {
    if (cells.size() < 4) return Unreadable("formats", line);
    PlantedSecret format;
    format.place = cells[0];
    format.redactor = cells[1];
    format.line = line;
    for (size_t i = 3; i < cells.size(); ++i) absl::StrAppend(&format.format, i == 3 ? "" : "\t", cells[i]);
    const std::vector<std::string> chosen = Choose(*by_class, cells[2], turn++);
    if (chosen.empty() || !absl::StrContains(format.format, "{}")) return Unreadable("formats", line);
    for (const std::string& secret : chosen) {
      PlantedSecret& one = planted.emplace_back(format);
      one.secret = secret;
      for (size_t i = 3; i < cells.size(); ++i) one.value.push_back(absl::StrReplaceAll(cells[i], {{"{}", secret}}));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return planted;
}

namespace {

// Without the names of rules, some of which are in the secrets too (`github_pat_`).
std::string WithoutReplacements(absl::string_view redacted) {
  std::string kept;
  while (true) {
    const size_t open = redacted.find("[REDACTED:");
    absl::StrAppend(&kept, redacted.substr(0, open));
    const size_t close = open == redacted.npos ? redacted.npos : redacted.find(']', open);
    if (close == redacted.npos) return kept;
    kept.push_back(']');
    redacted.remove_prefix(close + 1);
  }
}

}  // namespace

std::string LeakedPiece(const PlantedSecret& planted, absl::string_view redacted) {
  const std::string kept = WithoutReplacements(redacted);
  const size_t size = std::min(kTellingBytes, planted.secret.size());
  for (size_t i = 0; i + size <= planted.secret.size(); ++i) {
    std::string piece = planted.secret.substr(i, size);
    if (absl::StrContains(kept, piece) && !absl::StrContains(planted.format, piece)) return piece;
  }
  return "";
}

}  // namespace rollcall
