// What is wrong with a source of logins.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_PROBLEM_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_PROBLEM_H_

#include <string>

#include "absl/status/status.h"

namespace rollcall {

struct LoginProblem {
  std::string path;
  absl::Status status;
  // The file was read, but not all of it: what was found is there.
  bool in_part = false;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_PROBLEM_H_
