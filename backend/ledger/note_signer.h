// Signs checkpoints: Ed25519 over C2SP signed notes (https://c2sp.org/signed-note, tlog-checkpoint).
#ifndef ROLLCALL_BACKEND_LEDGER_NOTE_SIGNER_H_
#define ROLLCALL_BACKEND_LEDGER_NOTE_SIGNER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/ledger/ledger.h"

namespace rollcall {

// A key with its name. Immutable; thread-safe.
class NoteSigner {
 public:
  ~NoteSigner();
  NoteSigner(NoteSigner&&) noexcept;
  NoteSigner& operator=(NoteSigner&&) noexcept;

  // Makes a key. `name` is a name without scheme such as `rollcall.example.com/ledger`: 1 to 255 printable
  // ASCII characters without space and plus. InvalidArgument otherwise.
  static absl::StatusOr<NoteSigner> Generate(absl::string_view name);

  // From the text of SecretText. InvalidArgument if it is not one, without its contents in the message.
  static absl::StatusOr<NoteSigner> Parse(absl::string_view secret);

  // The key kept in the file `path`, which is made, with mode 0600, if it is not there. PermissionDenied if
  // others may read it; FailedPrecondition if it is the key of another name. The public key is written to
  // `path`.pub, mode 0644, if that is not there or another; an error if it cannot be.
  static absl::StatusOr<NoteSigner> LoadOrCreate(const std::string& path, absl::string_view name);

  const std::string& name() const { return name_; }
  // `PRIVATE+KEY+NAME+ID+BASE64`, as Go's package note writes it. A secret: never log it.
  std::string SecretText() const;
  // `NAME+ID+BASE64`: the verifier key of C2SP signed-note.
  std::string PublicText() const;

  // `text`, which must end with a newline and holds no control characters but newlines, with its signature
  // line appended. Internal if OpenSSL fails.
  absl::StatusOr<std::string> Sign(absl::string_view text) const;

 private:
  struct Key;
  NoteSigner(std::string name, std::unique_ptr<Key> key);

  std::string name_;
  std::unique_ptr<Key> key_;
};

// A signed checkpoint of `head`; its origin is the signer's name.
absl::StatusOr<std::string> SignCheckpoint(const TreeHead& head, const NoteSigner& signer);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_NOTE_SIGNER_H_
