#include "backend/retention/textproto_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cerrno>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall {
namespace {

using google::protobuf::TextFormat;

// Far above any agreement or calendar; what is larger is neither.
constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr size_t kMaxMessages = 20;
constexpr int kMaxNesting = 64;

std::string At(absl::string_view name, int line, int column) {
  return absl::StrCat(name, ":", line + 1, ":", column + 1, ": ");
}

class ErrorList : public google::protobuf::io::ErrorCollector {
 public:
  explicit ErrorList(absl::string_view name) : name_(name) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (errors_.size() < kMaxMessages) errors_.push_back(At(name_, line, column) + message);
  }
  std::string Text() const { return absl::StrJoin(errors_, "\n"); }

 private:
  absl::string_view name_;
  std::vector<std::string> errors_;
};

}  // namespace

absl::Status ParseTextproto(absl::string_view text, absl::string_view name, google::protobuf::Message* message,
                            TextFormat::ParseInfoTree* locations) {
  if (text.size() > kMaxFileBytes) return absl::InvalidArgumentError(absl::StrCat(name, ": larger than 1 MiB"));
  ErrorList errors(name);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(locations);
  parser.SetRecursionLimit(kMaxNesting);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (parser.Parse(&stream, message)) return absl::OkStatus();
  return absl::InvalidArgumentError(errors.Text());
}

std::string PlaceOf(const TextFormat::ParseInfoTree& locations, absl::string_view name,
                    const google::protobuf::FieldDescriptor* field, int index) {
  const TextFormat::ParseLocation where =
      index >= 0 ? locations.GetLocation(field, index) : TextFormat::ParseLocation();
  return At(name, std::max(where.line, 0), std::max(where.column, 0));
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("read ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return absl::DataLossError(absl::StrCat("read ", path, ": I/O error"));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace rollcall
