#include "backend/archive/tar_stream.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Of the header, as IEEE Std 1003.1 "ustar Interchange Format" lays it out.
constexpr size_t kNameBytes = 100;
constexpr size_t kSizeAt = 124;
constexpr size_t kSizeDigits = 11;
constexpr size_t kChecksumAt = 148;

void Put(size_t at, absl::string_view text, std::string* header) {
  header->replace(at, text.size(), text.data(), text.size());
}

bool AllZero(absl::string_view bytes) { return bytes.find_first_not_of('\0') == absl::string_view::npos; }

size_t PaddingBytes(uint64_t size) {
  return static_cast<size_t>((kTarBlockBytes - size % kTarBlockBytes) % kTarBlockBytes);
}

// The size in a header; nothing if it is not octal.
std::optional<uint64_t> SizeIn(absl::string_view header) {
  uint64_t size = 0;
  for (const char digit : header.substr(kSizeAt, kSizeDigits)) {
    if (digit < '0' || digit > '7') return std::nullopt;
    size = size * 8 + static_cast<uint64_t>(digit - '0');
  }
  return size;
}

}  // namespace

std::string TarHeader(absl::string_view name, uint64_t size) {
  std::string header(kTarBlockBytes, '\0');
  Put(0, name, &header);
  Put(100, "0000400", &header);  // mode
  Put(108, "0000000", &header);  // owner
  Put(116, "0000000", &header);  // group
  Put(kSizeAt, absl::StrFormat("%011o", size), &header);
  Put(136, "00000000000", &header);                        // time
  Put(kChecksumAt, "        ", &header);                   // counts as spaces
  Put(156, "0", &header);                                  // a file
  Put(257, absl::string_view("ustar\00000", 8), &header);  // format and its version
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  Put(kChecksumAt, absl::StrFormat("%06o", sum), &header);
  header[kChecksumAt + 6] = '\0';
  return header;
}

std::string TarPadding(uint64_t size) { return std::string(PaddingBytes(size), '\0'); }

std::string TarEnd() { return std::string(2 * kTarBlockBytes, '\0'); }

bool TarParser::Fill(absl::string_view* bytes, size_t size) {
  const size_t taken = std::min(size - buffer_.size(), bytes->size());
  buffer_.append(bytes->data(), taken);
  bytes->remove_prefix(taken);
  return buffer_.size() == size;
}

absl::Status TarParser::TakeHeader() {
  if (AllZero(buffer_)) {
    state_ = State::kSecondEnd;
    return absl::OkStatus();
  }
  const absl::string_view header = buffer_;
  const absl::string_view name = header.substr(0, header.substr(0, kNameBytes).find('\0'));
  const std::optional<uint64_t> size = SizeIn(header);
  if (name.empty() || name.size() > kMaxTarNameBytes || !size.has_value() || TarHeader(name, *size) != header) {
    return absl::InvalidArgumentError("read tar: a header is not as it is written");
  }
  if (*size > max_entry_bytes_) {
    return absl::InvalidArgumentError(absl::StrCat("read tar: an entry of ", *size, " bytes is too large"));
  }
  name_ = std::string(name);
  size_ = static_cast<size_t>(*size);
  state_ = State::kContents;
  return absl::OkStatus();
}

absl::Status TarParser::TakeContents() {
  const absl::string_view contents = buffer_;
  if (!AllZero(contents.substr(size_)))
    return absl::InvalidArgumentError("read tar: an entry is not filled with zeros");
  state_ = State::kHeader;
  return on_entry_(name_, contents.substr(0, size_));
}

absl::Status TarParser::Feed(absl::string_view bytes) {
  while (true) {
    switch (state_) {
      case State::kHeader:
        if (!Fill(&bytes, kTarBlockBytes)) return absl::OkStatus();
        ROLLCALL_RETURN_IF_ERROR(TakeHeader());
        break;
      case State::kContents:
        if (!Fill(&bytes, size_ + PaddingBytes(size_))) return absl::OkStatus();
        ROLLCALL_RETURN_IF_ERROR(TakeContents());
        break;
      case State::kSecondEnd:
        if (!Fill(&bytes, kTarBlockBytes)) return absl::OkStatus();
        if (!AllZero(buffer_)) return absl::InvalidArgumentError("read tar: a single block of zeros is no end");
        state_ = State::kEnd;
        break;
      case State::kEnd:
        return bytes.empty() ? absl::OkStatus() : absl::InvalidArgumentError("read tar: something follows its end");
    }
    buffer_.clear();
  }
}

absl::Status TarParser::Finish() const {
  return state_ == State::kEnd ? absl::OkStatus() : absl::InvalidArgumentError("read tar: it has no end");
}

}  // namespace rollcall
