#include "collectors/kernel_modules/module_signature.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/kernel_modules/der_reader.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

using ::rollcall::v1::ModuleSignature;

constexpr absl::string_view kMagic = "~Module signature appended~\n";

std::string ReadSignedModule() {
  std::ifstream file(
      ROLLCALL_SOURCE_DIR
      "/collectors/kernel_modules/testdata/debian12/root/lib/modules/6.1.0-21-amd64/kernel/fs/ext4/ext4.ko",
      std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// One element of DER.
std::string Der(uint8_t tag, absl::string_view content) {
  std::string element(1, static_cast<char>(tag));
  if (content.size() >= 0x80) element += "\x82" + std::string(1, static_cast<char>(content.size() >> 8U));
  element.push_back(static_cast<char>(content.size() & 0xFFU));
  return element + std::string(content);
}

// The description of a signature and what ends the file.
std::string Trailer(int hash, int type, size_t signer, size_t key_id, size_t size) {
  std::string trailer = {
      0, static_cast<char>(hash), static_cast<char>(type), static_cast<char>(signer), static_cast<char>(key_id), 0, 0,
      0};
  for (const int shift : {24, 16, 8, 0}) trailer.push_back(static_cast<char>(size >> shift & 0xFFU));
  return absl::StrCat(trailer, kMagic);
}

std::string Pkcs7Module(const std::string& signer_info) {
  const std::string oid = Der(kDerObjectId, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");
  const std::string data = absl::StrCat(Der(kDerInteger, "\x01"), Der(kDerSet, ""), Der(kDerSequence, ""),
                                        Der(kDerContext0, "certificates"), Der(kDerSet, signer_info));
  const std::string pkcs7 = Der(kDerSequence, oid + Der(kDerContext0, Der(kDerSequence, data)));
  return absl::StrCat("module", pkcs7, Trailer(0, 2, 0, 0, pkcs7.size()));
}

const char kSha256[] = "\x60\x86\x48\x01\x65\x03\x04\x02\x01";

// The signature, which must be there.
ModuleSignature Parse(const std::string& file) {
  const auto signature = ParseModuleSignature(file);
  EXPECT_TRUE(signature.ok()) << signature.status();
  EXPECT_TRUE(signature.ok() && signature->has_value());
  return signature.ok() && signature->has_value() ? **signature : ModuleSignature();
}

TEST(ModuleSignature, OfACertificate) {
  const ModuleSignature signature = Parse(ReadSignedModule());
  EXPECT_EQ(signature.format(), "PKCS#7");
  EXPECT_EQ(signature.signer(), "Debian Secure Boot Signer 2022 - linux");
  EXPECT_EQ(signature.hash_algorithm(), "sha256");
  EXPECT_TRUE(absl::StartsWith(signature.key_id(), "0E:C3:DF:06:")) << signature.key_id();
}

TEST(ModuleSignature, OfAKeyIdentifier) {
  const std::string info = Der(kDerSequence, Der(kDerInteger, "\x03") + Der(kDerContext0Primitive, "\x0a\x1b\xff") +
                                                 Der(kDerSequence, Der(kDerObjectId, kSha256)));
  const ModuleSignature signature = Parse(Pkcs7Module(info));
  EXPECT_EQ(signature.signer(), "");
  EXPECT_EQ(signature.key_id(), "0A:1B:FF");
  EXPECT_EQ(signature.hash_algorithm(), "sha256");
}

TEST(ModuleSignature, OfKernelsBefore43) {
  const ModuleSignature signature =
      Parse(absl::StrCat("module", "Red Hat: kernel key", "\x01\x02", "sig", Trailer(4, 1, 19, 2, 3)));
  EXPECT_EQ(signature.format(), "X509");
  EXPECT_EQ(signature.signer(), "Red Hat: kernel key");
  EXPECT_EQ(signature.key_id(), "01:02");
  EXPECT_EQ(signature.hash_algorithm(), "sha256");
}

TEST(ModuleSignature, NoneIsNoError) {
  for (const std::string& file : {std::string(), std::string("module"), absl::StrCat(kMagic, "x")}) {
    const auto signature = ParseModuleSignature(file);
    ASSERT_TRUE(signature.ok()) << signature.status();
    EXPECT_FALSE(signature->has_value());
  }
}

TEST(ModuleSignature, ASignerWithoutCommonNameHasItsLastAttribute) {
  const std::string country = Der(kDerSet, Der(kDerSequence, Der(kDerObjectId, "\x55\x04\x06") + Der(0x13, "SE")));
  const std::string unit = Der(kDerSet, Der(kDerSequence, Der(kDerObjectId, "\x55\x04\x0b") + Der(0x0C, "\xff Unit")));
  const std::string info =
      Der(kDerSequence, Der(kDerInteger, "\x01") +
                            Der(kDerSequence, Der(kDerSequence, country + unit) + Der(kDerInteger, "\x05")) +
                            Der(kDerSequence, Der(kDerObjectId, "\x2a")));
  const ModuleSignature signature = Parse(Pkcs7Module(info));
  EXPECT_EQ(signature.signer(), "\xEF\xBF\xBD Unit");
  EXPECT_EQ(signature.key_id(), "05");
  EXPECT_EQ(signature.hash_algorithm(), "unknown");
}

TEST(ModuleSignature, DamageIsDataLoss) {
  const std::string good = ReadSignedModule();
  const std::string body = good.substr(0, good.size() - kMagic.size() - 12);
  const std::string kDamaged[] = {
      std::string(kMagic),
      absl::StrCat("short", kMagic),
      absl::StrCat(body, Trailer(0, 2, 0, 0, 0xFFFFFFFF)),
      absl::StrCat(body, Trailer(0, 2, 0, 0, 0)),
      absl::StrCat(body, Trailer(0, 2, 0, 0, 10)),
      absl::StrCat(body, Trailer(0, 9, 0, 0, 10)),
      absl::StrCat("x", Trailer(4, 1, 255, 255, 1)),
  };
  for (const std::string& file : kDamaged) {
    EXPECT_TRUE(absl::IsDataLoss(ParseModuleSignature(file).status())) << file.size();
  }
}

TEST(ModuleSignature, EveryCutInTheSignatureIsDataLoss) {
  const std::string good = ReadSignedModule();
  const std::string whole = good.substr(0, good.size() - kMagic.size() - 12);
  const size_t size = LoadBigEndian32(good.data() + good.size() - kMagic.size() - 4);
  ASSERT_GT(size, 100U);
  EXPECT_TRUE(ParseModuleSignature(absl::StrCat(whole, Trailer(0, 2, 0, 0, size))).ok());
  for (size_t cut = 1; cut <= size; ++cut) {
    const std::string body = whole.substr(0, whole.size() - cut);
    const auto of_what_is_left = ParseModuleSignature(absl::StrCat(body, Trailer(0, 2, 0, 0, size - cut)));
    EXPECT_TRUE(absl::IsDataLoss(of_what_is_left.status())) << cut;
    // As if nobody had noticed.
    const auto of_as_much = ParseModuleSignature(absl::StrCat(body, Trailer(0, 2, 0, 0, size)));
    EXPECT_TRUE(absl::IsDataLoss(of_as_much.status())) << cut;
  }
}

TEST(DerReader, RefusesWhatIsNotDer) {
  const absl::string_view kRefused[] = {"",
                                        "\x30",
                                        "\x30\x80",
                                        "\x30\x05"
                                        "abc",
                                        "\x30\x85\x01\x01\x01\x01\x01",
                                        "\x30\x84\xff\xff\xff\xff",
                                        "\x30\x82\x01"};
  for (const absl::string_view bytes : kRefused) EXPECT_FALSE(DerReader(bytes).Read(kDerSequence)) << bytes.size();
  EXPECT_FALSE(DerReader(Der(kDerSet, "")).Read(kDerSequence)) << "another tag";
  const std::string large = Der(kDerSequence, std::string(300, 'x'));
  EXPECT_EQ(DerReader(large).Read(kDerSequence)->size(), 300U);
}

}  // namespace
}  // namespace rollcall
