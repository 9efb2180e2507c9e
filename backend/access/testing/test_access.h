// Accesses for tests of what works with them.
#ifndef ROLLCALL_BACKEND_ACCESS_TESTING_TEST_ACCESS_H_
#define ROLLCALL_BACKEND_ACCESS_TESTING_TEST_ACCESS_H_

#include <string>

#include "backend/access/access.h"

namespace rollcall {

// The access of somebody who has every role in `tenant`, to the method that takes `request`. Ends the program if even
// that may not be.
Access TestAccess(const std::string& tenant, const google::protobuf::Descriptor* request,
                  pb::Purpose purpose = pb::PROVIDE_FEATURE);

// A grant of one role in one tenant to `alice`, without an end.
Grant TestGrant(const std::string& tenant, PeerRole role);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_TESTING_TEST_ACCESS_H_
