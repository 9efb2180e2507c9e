#include "backend/pki/certificate_authority.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/pki/openssl_handles.h"

namespace rollcall {
namespace {

constexpr int kSerialBytes = 16;
constexpr size_t kMaxDnsName = 253;

absl::StatusOr<ScopedKey> NewKey() {
  ScopedKey key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpensslError("generate P-256 key");
  return key;
}

// Random, positive and not zero, as RFC 5280 section 4.1.2.2 asks.
absl::Status SetSerial(X509* certificate) {
  std::array<uint8_t, kSerialBytes> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return OpensslError("draw serial number");
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7f) | 0x40);
  const ScopedBignum number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  if (number == nullptr || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return OpensslError("set serial number");
  }
  return absl::OkStatus();
}

absl::Status SetValidity(const Validity& validity, X509* certificate) {
  if (validity.not_after <= validity.not_before) {
    return absl::InvalidArgumentError("issue certificate: it would end before it begins");
  }
  if (ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(validity.not_before)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(validity.not_after)) == nullptr) {
    return OpensslError("set validity");
  }
  return absl::OkStatus();
}

absl::Status SetCommonName(absl::string_view name, X509* certificate) {
  // The field holds 64 characters at most; nobody reads identity from it.
  const absl::string_view clipped = name.substr(0, 64);
  if (X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(clipped.data()),
                                 static_cast<int>(clipped.size()), -1, 0) != 1) {
    return OpensslError("set common name");
  }
  return absl::OkStatus();
}

absl::Status AddExtension(X509* issuer, int nid, const std::string& value, X509* certificate) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ScopedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return OpensslError(absl::StrCat("add extension ", OBJ_nid2sn(nid)));
  }
  return absl::OkStatus();
}

absl::Status AddSubjectAltNames(GENERAL_NAMES* names, X509* certificate) {
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1) {
    return OpensslError("add subject alternative names");
  }
  return absl::OkStatus();
}

absl::Status PushIa5Name(int type, absl::string_view text, GENERAL_NAMES* names) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  if (name == nullptr || value == nullptr || ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) != 1) {
    GENERAL_NAME_free(name);
    ASN1_IA5STRING_free(value);
    return OpensslError("build subject alternative name");
  }
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(names, name);
  return absl::OkStatus();
}

absl::Status PushAddress(const uint8_t* bytes, int size, GENERAL_NAMES* names) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  if (name == nullptr || value == nullptr || ASN1_OCTET_STRING_set(value, bytes, size) != 1) {
    GENERAL_NAME_free(name);
    ASN1_OCTET_STRING_free(value);
    return OpensslError("build subject alternative name");
  }
  GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  sk_GENERAL_NAME_push(names, name);
  return absl::OkStatus();
}

bool IsDnsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxDnsName && absl::ascii_isalnum(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_'; });
}

absl::Status PushServerName(const std::string& name, GENERAL_NAMES* names) {
  std::array<uint8_t, 16> address;
  if (inet_pton(AF_INET, name.c_str(), address.data()) == 1) return PushAddress(address.data(), 4, names);
  if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1) return PushAddress(address.data(), 16, names);
  if (!IsDnsName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("issue server certificate: \"", name, "\" is neither a DNS name nor an IP address"));
  }
  return PushIa5Name(GEN_DNS, name, names);
}

absl::StatusOr<CertifiedKey> ToPem(X509* certificate, EVP_PKEY* key) {
  const ScopedBio certificate_bio(BIO_new(BIO_s_mem()));
  // Secure memory is not needed: the text goes to a file next.
  const ScopedBio key_bio(BIO_new(BIO_s_mem()));
  if (certificate_bio == nullptr || key_bio == nullptr || PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpensslError("write certificate as PEM");
  }
  return CertifiedKey{BioText(certificate_bio.get()), BioText(key_bio.get())};
}

struct Entity {
  ScopedCertificate certificate;
  ScopedKey key;
};

// A certificate with everything but extensions and signature.
absl::StatusOr<Entity> NewEntity(absl::string_view common_name, const Validity& validity) {
  absl::StatusOr<ScopedKey> key = NewKey();
  if (!key.ok()) return key.status();
  Entity entity{ScopedCertificate(X509_new()), *std::move(key)};
  X509* certificate = entity.certificate.get();
  if (certificate == nullptr || X509_set_version(certificate, X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate, entity.key.get()) != 1) {
    return OpensslError("build certificate");
  }
  if (absl::Status status = SetSerial(certificate); !status.ok()) return status;
  if (absl::Status status = SetValidity(validity, certificate); !status.ok()) return status;
  if (absl::Status status = SetCommonName(common_name, certificate); !status.ok()) return status;
  return entity;
}

struct ExtensionText {
  int nid;
  const char* value;
};

absl::Status AddExtensions(std::initializer_list<ExtensionText> extensions, X509* issuer, X509* certificate) {
  for (const ExtensionText& extension : extensions) {
    if (absl::Status status = AddExtension(issuer, extension.nid, extension.value, certificate); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct CertificateAuthority::Material {
  ScopedCertificate certificate;
  ScopedKey key;

  absl::StatusOr<CertifiedKey> Issue(absl::string_view common_name, const char* extended_usage, GENERAL_NAMES* names,
                                     const Validity& validity) const;
};

absl::StatusOr<CertifiedKey> CertificateAuthority::Material::Issue(absl::string_view common_name,
                                                                   const char* extended_usage, GENERAL_NAMES* names,
                                                                   const Validity& validity) const {
  absl::StatusOr<Entity> entity = NewEntity(common_name, validity);
  if (!entity.ok()) return entity.status();
  X509* leaf = entity->certificate.get();
  if (X509_set_issuer_name(leaf, X509_get_subject_name(certificate.get())) != 1) return OpensslError("set issuer");
  absl::Status status = AddExtensions({{NID_basic_constraints, "critical,CA:FALSE"},
                                       {NID_key_usage, "critical,digitalSignature"},
                                       {NID_ext_key_usage, extended_usage},
                                       {NID_subject_key_identifier, "hash"},
                                       {NID_authority_key_identifier, "keyid:always"}},
                                      certificate.get(), leaf);
  if (status.ok()) status = AddSubjectAltNames(names, leaf);
  if (!status.ok()) return status;
  if (X509_sign(leaf, key.get(), EVP_sha256()) == 0) return OpensslError("sign certificate");
  return ToPem(leaf, entity->key.get());
}

Validity ValidFor(absl::Time now, absl::Duration lifetime) { return {now - absl::Hours(1), now + lifetime}; }

CertificateAuthority::CertificateAuthority(std::unique_ptr<Material> material, CertifiedKey pem)
    : material_(std::move(material)), pem_(std::move(pem)) {}
CertificateAuthority::~CertificateAuthority() = default;
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(absl::string_view name, const Validity& validity) {
  absl::StatusOr<Entity> entity = NewEntity(name, validity);
  if (!entity.ok()) return entity.status();
  X509* certificate = entity->certificate.get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1) return OpensslError("set issuer");
  const absl::Status status = AddExtensions({{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                             {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                             {NID_subject_key_identifier, "hash"}},
                                            certificate, certificate);
  if (!status.ok()) return status;
  if (X509_sign(certificate, entity->key.get(), EVP_sha256()) == 0) return OpensslError("sign certificate");
  absl::StatusOr<CertifiedKey> pem = ToPem(certificate, entity->key.get());
  if (!pem.ok()) return pem.status();
  auto material = std::make_unique<Material>();
  material->certificate = std::move(entity->certificate);
  material->key = std::move(entity->key);
  return CertificateAuthority(std::move(material), *std::move(pem));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Load(const CertifiedKey& pem) {
  const ScopedBio certificate_bio(
      BIO_new_mem_buf(pem.certificate_pem.data(), static_cast<int>(pem.certificate_pem.size())));
  const ScopedBio key_bio(BIO_new_mem_buf(pem.key_pem.data(), static_cast<int>(pem.key_pem.size())));
  if (certificate_bio == nullptr || key_bio == nullptr) return OpensslError("load authority");
  auto material = std::make_unique<Material>();
  material->certificate.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  // An empty password, so that an encrypted key fails instead of asking the terminal.
  std::string no_password;
  material->key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, no_password.data()));
  if (material->certificate == nullptr || material->key == nullptr) {
    return absl::InvalidArgumentError(OpensslError("load authority: not PEM").message());
  }
  if (X509_check_private_key(material->certificate.get(), material->key.get()) != 1) {
    return absl::InvalidArgumentError("load authority: key and certificate do not belong together");
  }
  if (X509_check_ca(material->certificate.get()) != 1) {
    return absl::InvalidArgumentError("load authority: the certificate may not issue certificates");
  }
  return CertificateAuthority(std::move(material), pem);
}

absl::StatusOr<CertifiedKey> CertificateAuthority::IssueServer(const std::vector<std::string>& names,
                                                               const Validity& validity) const {
  if (names.empty()) return absl::InvalidArgumentError("issue server certificate: no name or address given");
  const ScopedGeneralNames general(GENERAL_NAMES_new());
  if (general == nullptr) return OpensslError("build subject alternative names");
  for (const std::string& name : names) {
    if (absl::Status status = PushServerName(name, general.get()); !status.ok()) return status;
  }
  return material_->Issue(names.front(), "serverAuth", general.get(), validity);
}

absl::StatusOr<CertifiedKey> CertificateAuthority::IssuePeer(const PeerIdentity& identity,
                                                             const Validity& validity) const {
  return IssuePerson({identity}, validity);
}

absl::StatusOr<CertifiedKey> CertificateAuthority::IssuePerson(const std::vector<PeerIdentity>& identities,
                                                               const Validity& validity) const {
  if (identities.empty()) return absl::InvalidArgumentError("issue certificate: no identity given");
  const ScopedGeneralNames general(GENERAL_NAMES_new());
  if (general == nullptr) return OpensslError("build subject alternative names");
  for (const PeerIdentity& identity : identities) {
    absl::StatusOr<std::string> uri = IdentityUri(identity);
    if (!uri.ok()) return uri.status();
    if (absl::Status status = PushIa5Name(GEN_URI, *uri, general.get()); !status.ok()) return status;
  }
  return material_->Issue(identities.front().id, "clientAuth", general.get(), validity);
}

absl::StatusOr<std::string> NewAgentId() {
  std::array<uint8_t, 16> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return OpensslError("draw agent id");
  return UuidFromBytes(bytes);
}

}  // namespace rollcall
