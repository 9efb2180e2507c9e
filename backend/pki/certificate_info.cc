#include "backend/pki/certificate_info.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

#include "absl/strings/ascii.h"
#include "backend/pki/openssl_handles.h"

namespace rollcall {
namespace {

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return absl::InfinitePast();
  return absl::FromTM(utc, absl::UTCTimeZone());
}

std::string SerialHex(const X509* certificate) {
  const ScopedBignum number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* hex = number == nullptr ? nullptr : BN_bn2hex(number.get());
  if (hex == nullptr) return "";
  std::string text = absl::AsciiStrToLower(hex);
  OPENSSL_free(hex);
  return text;
}

std::string Ia5Text(const ASN1_IA5STRING* value) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                     static_cast<size_t>(ASN1_STRING_length(value)));
}

std::string AddressText(const ASN1_OCTET_STRING* value) {
  const int size = ASN1_STRING_length(value);
  if (size != 4 && size != 16) return "";
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), text, sizeof(text));
  return text;
}

void ReadNames(const X509* certificate, CertificateInfo* info) {
  const ScopedGeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) info->uris.push_back(Ia5Text(name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) info->dns_names.push_back(Ia5Text(name->d.dNSName));
    if (name->type == GEN_IPADD) info->addresses.push_back(AddressText(name->d.iPAddress));
  }
}

}  // namespace

absl::StatusOr<CertificateInfo> ReadCertificate(absl::string_view pem) {
  const ScopedBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const ScopedCertificate certificate(bio == nullptr ? nullptr
                                                     : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    ERR_clear_error();
    return absl::InvalidArgumentError("read certificate: not a PEM certificate");
  }
  CertificateInfo info;
  info.not_before = ToTime(X509_get0_notBefore(certificate.get()));
  info.not_after = ToTime(X509_get0_notAfter(certificate.get()));
  info.serial = SerialHex(certificate.get());
  info.is_authority = X509_check_ca(certificate.get()) == 1;
  ReadNames(certificate.get(), &info);
  ERR_clear_error();
  return info;
}

bool NeedsRenewal(const CertificateInfo& info, absl::Time now) {
  return now < info.not_before || info.not_after - now < (info.not_after - info.not_before) / 3;
}

}  // namespace rollcall
