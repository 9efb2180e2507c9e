#include "collectors/kernel_modules/module_signature.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "collectors/kernel_modules/der_reader.h"
#include "collectors/text.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

using rollcall::v1::ModuleSignature;

constexpr absl::string_view kMagic = "~Module signature appended~\n";
constexpr size_t kDescriptionBytes = 12;
// Of the description's third byte.
constexpr int kX509 = 1;
constexpr int kPkcs7 = 2;
// Keys of certificates have up to 20 octets, digests more.
constexpr size_t kMaxKeyIdBytes = 64;

// The description: algorithm, hash, type, two lengths, 3 bytes of padding, size of the signature.
struct Description {
  int hash;
  int type;
  size_t signer_bytes;
  size_t key_id_bytes;
  size_t signature_bytes;
};

Description ParseDescription(absl::string_view bytes) {
  const auto byte = [bytes](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[i])); };
  return {.hash = static_cast<int>(byte(1)),
          .type = static_cast<int>(byte(2)),
          .signer_bytes = byte(3),
          .key_id_bytes = byte(4),
          .signature_bytes = LoadBigEndian32(bytes.data() + 8)};
}

// By the kernel's enum hash_algo; include/uapi/linux/hash_info.h.
std::string HashName(int number) {
  constexpr std::array<absl::string_view, 8> kNames = {"md4",    "md5",    "sha1",   "rmd160",
                                                       "sha256", "sha384", "sha512", "sha224"};
  if (number >= 0 && static_cast<size_t>(number) < kNames.size()) {
    return std::string(kNames[static_cast<size_t>(number)]);
  }
  return absl::StrCat("unknown ", number);
}

struct NamedOid {
  absl::string_view oid;
  absl::string_view name;
};

// Object identifiers as encoded; RFC 5754, RFC 3370 and NIST's register of algorithms.
constexpr std::array<NamedOid, 9> kDigests = {{
    {"\x2b\x0e\x03\x02\x1a", "sha1"},
    {"\x2a\x86\x48\x86\xf7\x0d\x02\x05", "md5"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x01", "sha256"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x02", "sha384"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x03", "sha512"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x04", "sha224"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x08", "sha3-256"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x09", "sha3-384"},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x0a", "sha3-512"},
}};
constexpr absl::string_view kSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
constexpr absl::string_view kCommonName = "\x55\x04\x03";

std::string DigestName(absl::string_view oid) {
  const auto found =
      std::find_if(kDigests.begin(), kDigests.end(), [oid](const NamedOid& digest) { return digest.oid == oid; });
  return found == kDigests.end() ? "unknown" : std::string(found->name);
}

// `0A:1B:...`
std::string KeyId(absl::string_view bytes) {
  return absl::StrJoin(bytes.substr(0, kMaxKeyIdBytes), ":", [](std::string* out, char c) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out->push_back(kDigits[byte >> 4U]);
    out->push_back(kDigits[byte & 0xFU]);
  });
}

// The first common name of a Name; if it has none, its last attribute, as modinfo(8) does.
std::string SignerName(absl::string_view name) {
  absl::string_view last;
  DerReader parts(name);
  while (const auto part = parts.Read(kDerSet)) {
    DerReader attributes(*part);
    while (const auto attribute = attributes.Read(kDerSequence)) {
      DerReader reader(*attribute);
      const auto type = reader.Read(kDerObjectId);
      const auto tag = reader.PeekTag();
      const auto value = tag ? reader.Read(*tag) : std::nullopt;
      if (!type || !value) continue;
      last = *value;
      if (*type == kCommonName) return ToRecordText(last);
    }
  }
  return ToRecordText(last);
}

// An INTEGER has a leading zero where its first bit is set.
absl::string_view WithoutSign(absl::string_view integer) {
  if (integer.size() > 1 && integer.front() == '\0') integer.remove_prefix(1);
  return integer;
}

// A SignerInfo of RFC 5652: version, identifier, digest algorithm, ...
bool ParseSignerInfo(absl::string_view signer_info, ModuleSignature* signature) {
  DerReader reader(signer_info);
  if (!reader.Skip(kDerInteger)) return false;
  if (const auto key_id = reader.Read(kDerContext0Primitive)) {
    signature->set_key_id(KeyId(*key_id));
  } else if (const auto certificate = reader.Read(kDerSequence)) {
    DerReader identifier(*certificate);
    const auto issuer = identifier.Read(kDerSequence);
    const auto serial = identifier.Read(kDerInteger);
    if (!issuer || !serial) return false;
    signature->set_signer(SignerName(*issuer));
    signature->set_key_id(KeyId(WithoutSign(*serial)));
  } else {
    return false;
  }
  const auto algorithm = reader.Read(kDerSequence);
  if (!algorithm) return false;
  const auto oid = DerReader(*algorithm).Read(kDerObjectId);
  if (!oid) return false;
  signature->set_hash_algorithm(DigestName(*oid));
  return true;
}

// A ContentInfo of RFC 5652 that holds SignedData. The first of several signers counts.
bool ParsePkcs7(absl::string_view bytes, ModuleSignature* signature) {
  const auto content_info = DerReader(bytes).Read(kDerSequence);
  if (!content_info) return false;
  DerReader content(*content_info);
  const auto type = content.Read(kDerObjectId);
  const auto wrapped = content.Read(kDerContext0);
  if (!type || *type != kSignedData || !wrapped) return false;
  const auto signed_data = DerReader(*wrapped).Read(kDerSequence);
  if (!signed_data) return false;
  DerReader reader(*signed_data);
  const bool head = reader.Skip(kDerInteger) && reader.Skip(kDerSet) && reader.Skip(kDerSequence);
  if (!head) return false;
  (void)reader.Skip(kDerContext0);  // certificates
  (void)reader.Skip(kDerContext1);  // revocations
  const auto signers = reader.Read(kDerSet);
  if (!signers) return false;
  const auto signer = DerReader(*signers).Read(kDerSequence);
  return signer && ParseSignerInfo(*signer, signature);
}

absl::Status Damaged(absl::string_view cause) {
  return absl::DataLossError(absl::StrCat("parse module signature: ", cause));
}

}  // namespace

absl::StatusOr<std::optional<ModuleSignature>> ParseModuleSignature(absl::string_view file) {
  if (!absl::ConsumeSuffix(&file, kMagic)) return std::nullopt;
  if (file.size() < kDescriptionBytes) return Damaged("cut short");
  const Description description = ParseDescription(file.substr(file.size() - kDescriptionBytes));
  file.remove_suffix(kDescriptionBytes);
  if (description.signature_bytes > file.size()) return Damaged("longer than the file");
  const absl::string_view bytes = file.substr(file.size() - description.signature_bytes);
  file.remove_suffix(description.signature_bytes);
  ModuleSignature signature;
  if (description.type == kPkcs7) {
    signature.set_format("PKCS#7");
    if (!ParsePkcs7(bytes, &signature)) return Damaged("not the DER of signed data");
    return signature;
  }
  if (description.type != kX509) return Damaged(absl::StrCat("unknown type ", description.type));
  if (description.signer_bytes + description.key_id_bytes > file.size()) return Damaged("longer than the file");
  const absl::string_view key_id = file.substr(file.size() - description.key_id_bytes);
  file.remove_suffix(description.key_id_bytes);
  signature.set_format("X509");
  signature.set_signer(ToRecordText(file.substr(file.size() - description.signer_bytes)));
  signature.set_key_id(KeyId(key_id));
  signature.set_hash_algorithm(HashName(description.hash));
  return signature;
}

}  // namespace rollcall
