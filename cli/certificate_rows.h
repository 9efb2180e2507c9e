// What a certificate states, as rows of a table.
#ifndef ROLLCALL_CLI_CERTIFICATE_ROWS_H_
#define ROLLCALL_CLI_CERTIFICATE_ROWS_H_

#include <string>
#include <vector>

#include "rollcall/v1/ledger.pb.h"

namespace rollcall {

// `asset basic data of acme, cvm:1, collected on 2023-09-15 (region eu)`. Pure.
std::string BucketText(const rollcall::v1::BucketName& bucket);

// Field and value, all that is stated. Pure.
std::vector<std::vector<std::string>> CertificateRows(const rollcall::v1::DeletionStatement& statement);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_CERTIFICATE_ROWS_H_
