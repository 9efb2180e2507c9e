// An authority and certificates made in memory, for tests of mutual TLS.
#ifndef ROLLCALL_AGENT_IDENTITY_TESTING_TEST_PKI_H_
#define ROLLCALL_AGENT_IDENTITY_TESTING_TEST_PKI_H_

#include <memory>
#include <string>
#include <vector>

namespace rollcall {

struct TestCertificate {
  std::string cert_pem;
  std::string key_pem;
};

// A P-256 authority of its own. Aborts the test if libcrypto fails.
class TestPki {
 public:
  TestPki();
  ~TestPki();

  const std::string& ca_pem() const { return ca_pem_; }
  // A certificate valid for a day with these subject alternative names, such as `DNS:localhost`
  // or `URI:rollcall://t/agent/...`.
  TestCertificate Issue(const std::vector<std::string>& names);

 private:
  struct Keys;
  std::unique_ptr<Keys> ca_;
  std::string ca_pem_;
  long next_serial_ = 2;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_IDENTITY_TESTING_TEST_PKI_H_
