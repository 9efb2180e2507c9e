// Owning pointers for libcrypto's objects. Included by backend/pki's implementation only.
#ifndef ROLLCALL_BACKEND_PKI_OPENSSL_HANDLES_H_
#define ROLLCALL_BACKEND_PKI_OPENSSL_HANDLES_H_

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using ScopedBio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using ScopedBignum = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using ScopedKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using ScopedCertificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using ScopedExtension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using ScopedGeneralNames = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

// Internal error `what: REASON` from the calling thread's error queue, which is emptied.
absl::Status OpensslError(absl::string_view what);

// The bytes of a memory BIO.
std::string BioText(BIO* bio);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PKI_OPENSSL_HANDLES_H_
